// unlocked-advise: a system call takes long, so the lock is let go around it. What was on the free
// list when the lock was held may have an owner when the call comes.
//
//   reader                            reclaimer
//                                     lock; choose a free slice; unlock
//   slice = allocate()                |
//   write slice                       |
//                                     madvise(slice)
//   read slice                        -> zeros
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/advice.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool = lifecycles::pool_of<lifecycles::AdvisesUnlocked>(
      variant, {.budget_bytes = 2 * page, .cores = 1, .region_bytes = 2 * page});
  pool->release(pool->allocate(page));
  run.spawn("reclaimer", [&] {
    for (int round = 0; round < rounds; ++round) pool->free_unused_regions();
  });
  run.spawn("reader", [&] {
    for (int round = 0; round < rounds; ++round) borrow(*pool, page, 0xad);
  });
  run.join();
  check_nothing_lost<2>(*pool);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "unlocked-advise",
    .about = "the lock is let go around madvise(), and the free list changes meanwhile",
    .variants = {{"advises-unlocked", "freed-region-in-use",
                  "reclaimer@unlocked reader@holding reclaimer reader"},
                 {"claimed", "pass", "reclaimer@claimed reader reclaimer reader"}},
    .play = play,
});
