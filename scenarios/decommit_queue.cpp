// decommit-queue: slots that wait for their memory to be given back are neither free nor in use. A
// request that comes meanwhile finds no free slot and fails, although nothing at all is in use.
//
//   asker                             reclaimer
//                                     take both slots off the free list, queue them
//   allocate(): none free, refused    |
//                                     madvise, push them on the free list
//
// In `claimed` slices are away for a moment too while a sweep claims their words; a request that
// finds none waits for the sweep to end before it gives up.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/advice.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool = lifecycles::pool_of<lifecycles::OnNeitherList>(
      variant, {.budget_bytes = 2 * page, .cores = 1, .region_bytes = 2 * page});
  pool->release(pool->allocate(page));
  run.spawn("asker", [&] {
    for (int round = 0; round < rounds; ++round) {
      const allocator::Slice slice = demand(*pool, "refused, although no slice is in use");
      if (!slice) return;
      use(slice, 0xa5);
      pool->release(slice);
    }
  });
  run.spawn("reclaimer", [&] {
    for (int round = 0; round < rounds; ++round) pool->free_unused_regions();
  });
  run.join();
  check_nothing_lost<2>(*pool);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "decommit-queue",
    .about = "a request that comes while free slices are on their way to the system",
    .variants = {{"on-neither-list", "assertion"},
                 {"claimed", "pass", "reclaimer@claimed asker reclaimer asker"}},
    .documented = "reclaimer@queued asker reclaimer",
    .play = play,
});
