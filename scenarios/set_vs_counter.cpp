// set-vs-counter: the free slices are a set, their number is a counter, and the two are changed one
// after the other. A sweep that comes in between leaves a counter that is wrong for ever; in the
// original's history such a drift was in the end declared acceptable.
//
//   returner                          reclaimer
//   set: +1 slice (2 of 2)
//   |                                 the set is complete: unmap the region
//   |                                 counter: 1 - 2, cut off at 0
//   counter: + 1                      1 free slice of no region
//
// `claimed` has no counter beside its words; statistics() counts them.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/set_and_counter.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = lifecycles::pool_of<lifecycles::SetThenCounter>(
      variant, {.budget_bytes = 2 * page, .cores = 1, .region_bytes = 2 * page});
  const allocator::Slice held = pool->allocate(page);
  run.spawn("returner", [&] {
    use(held, 0x4e);
    pool->release(held);
  });
  run.spawn("reclaimer", [&] { pool->free_unused_regions(); });
  run.join();
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "set-vs-counter",
    .about = "the set of free slices and the counter of them, changed one after the other",
    .variants = {{"set-then-counter", "accounting-drift"}, {"claimed", "pass"}},
    .documented = "returner@pushed reclaimer returner",
    .play = play,
});
