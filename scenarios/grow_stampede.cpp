// grow-stampede: several tasks find the pool empty, and all of them grow it. The budget serves
// every one of them, just so: two regions of two slices for three tasks.
//
//   grower-1            grower-2            grower-3
//   pool is empty       pool is empty       pool is empty
//   map a region        map a region        map a region        a third one: over the budget
//
// Where growths come one after the other, the next wrong turn is to look at the pool once after
// one's own growth: the others may have drained it, and the request fails although there was room.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/stampede.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = lifecycles::pool_of<lifecycles::EveryoneMaps, lifecycles::PollsOnce>(
      variant, {.budget_bytes = 4 * page, .cores = 1, .region_bytes = 2 * page});
  std::array<allocator::Slice, 3> slices;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    run.spawn("grower-" + std::to_string(i + 1), [&pool, &slice = slices[i], i] {
      slice = demand(*pool, "a request failed although the budget serves every task");
      if (slice) stamp(slice, i);
    });
  }
  run.join();
  pool->check_accounts(slices.size());
  for (std::size_t i = 0; i < slices.size(); ++i) {
    check_stamp(slices[i], i);
    pool->release(slices[i]);
  }
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "grow-stampede",
    .about = "three tasks find the pool empty at once, and all of them grow it",
    .variants = {{"everyone-maps", "budget-exceeded"},
                 {"polls-once", "assertion", "grower-1@grown grower-2 grower-3 grower-1"},
                 {"claimed", "pass"}},
    .documented = "grower-1@grow grower-2@grow grower-3@grow grower-1 grower-2 grower-3",
    .play = play,
});
