// accounting: at every quiet point the figures of the pool are right: free and out make the total,
// mapped is what the regions are, the pool's size is what lies in it. Quiet are the moments between
// the phases; within each of them two tasks grow, give back and sweep, take and give back, shut
// down at once. Two slices in one growth, of a budget that has room for more.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/lost_update.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = lifecycles::pool_of<lifecycles::LosesUpdates>(
      variant, {.budget_bytes = 4 * page, .cores = 1, .region_bytes = page});
  std::array<allocator::Slice, 2> slices;
  run.spawn("taker-1", [&] { slices[0] = pool->allocate(page); });
  run.spawn("taker-2", [&] { slices[1] = pool->allocate(page); });
  run.join();
  pool->check_accounts(2);

  run.spawn("giver", [&] { pool->release(slices[0]); });
  run.spawn("sweeper", [&] { pool->free_unused_regions(); });
  run.join();
  pool->check_accounts(1);

  run.spawn("taker", [&] { slices[0] = pool->allocate(page); });
  run.spawn("returner", [&] { pool->release(slices[1]); });
  run.join();
  pool->check_accounts(1);

  pool->release(slices[0]);
  run.spawn("sweeper-2", [&] { pool->free_unused_regions(); });
  run.spawn("closer", [&] { pool->close(); });
  run.join();
  pool->check_accounts(0);
}

}  // namespace

HARNESS_SCENARIO({
    .name = "accounting",
    .about = "every figure of the pool at every quiet point between four phases",
    .variants = {{"loses-updates", "accounting-drift"},
                 {"documented-fix", "pass", "taker-1@polled taker-2 taker-1"},
                 {"claimed", "pass", "taker-1@polled taker-2 taker-1"}},
    .documented = "taker-1@loaded taker-2 taker-1",
    .search = {.executions = 30'000},
    .play = play,
});
