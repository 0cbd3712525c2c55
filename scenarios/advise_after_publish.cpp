// advise-after-publish: release() gives the contents of a slice back to the system, but offers the
// slice to everybody first. The next owner's bytes go.
//
//   next                              last
//                                     push slice on the free list
//   slice = allocate()                |
//   write slice                       |
//                                     madvise(slice)
//   read slice                        -> zeros
//
// In `claimed` nobody can have a slice of a region that is given back: it is claimed whole first.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/advice.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool = lifecycles::pool_of<lifecycles::PublishesFirst>(
      variant, {.budget_bytes = 2 * page, .cores = 1, .region_bytes = 2 * page});
  const allocator::Slice held = pool->allocate(page);
  run.spawn("last", [&] {
    use(held, 0x1a);
    pool->release(held);
    pool->free_unused_regions();
  });
  run.spawn("next", [&] {
    for (int round = 0; round < rounds; ++round) borrow(*pool, page, 0x4e);
  });
  run.join();
  check_nothing_lost<2>(*pool);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "advise-after-publish",
    .about = "a slice is free for all before its contents have been given back",
    .variants = {{"publishes-first", "freed-region-in-use", "last@pushed next@holding last next"},
                 {"claimed", "pass", "last@pushed next@holding last next"}},
    .play = play,
});
