// evict-for-all: requests find the budget used up by memory that is not in use, and evict. Each
// adds itself first, and then evicts until the sum of all, of those that wait too, fits. It does
// not come to that, and each is refused, although one fits.
//
//   asker-1 (1 of 2 pinned, 1 unused) asker-2
//   sum: 2 + 1 = 3                    sum: 3 + 1 = 4
//   evict one: 3 of 2 still           nothing left to evict: refused
//   nothing left to evict: refused
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/frame_cache.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  // `claimed` could hand the unused slice out again; it has to evict where that is of another
  // class.
  const bool claimed = variant == "claimed";
  auto pool = lifecycles::pool_of<lifecycles::EvictsForAll>(
      variant, {.budget_bytes = 2 * page, .cores = 1, .region_bytes = page});
  const allocator::Slice unused = pool->allocate(claimed ? 2 * page : page);
  pool->release(unused);
  const allocator::Slice pinned = claimed ? allocator::Slice{} : pool->allocate(page);
  std::array<bool, 2> served{};
  for (std::size_t i = 0; i < served.size(); ++i) {
    run.spawn("asker-" + std::to_string(i + 1),
              [&pool, &was = served[i], i] { was = ask(*pool, i); });
  }
  run.join();
  if (!served[0] && !served[1]) {
    harness::observe::violated("assertion", "both requests were refused, although one fits");
  }
  if (pinned) pool->release(pinned);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "evict-for-all",
    .about = "two requests evict, each until both of them fit, which only one does",
    .variants = {{"evicts-for-all", "assertion"},
                 {"claimed", "pass", "asker-1@grow asker-2 asker-1"}},
    .documented = "asker-1@added asker-2@nothing-left asker-1 asker-2",
    .play = play,
});
