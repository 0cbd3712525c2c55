// check-vs-sweep: that a region is unused is checked in one step, and acted upon in a later one.
// Not in the incident report; it breaks the report's "complete fix" even where poll and count are
// one step.
//
//   reader                            reclaimer
//                                     collect: region has 8 of 8
//   slice = poll()                    |
//   unusedSlices = 7                  |
//                                     free: take the 7 that are still pooled, munmap
//   write slice                       -> SIGSEGV
//
// The same mistake can be made in a pool of the kind of `claimed` (check-then-act-purge): to look
// whether all slices are free, and then to close the words whatever they are.
#include "harness/scenario.hpp"
#include "scenarios/page.hpp"
#include "scenarios/planted.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool = observed_or_planted(variant, small_pool);
  pool->release(pool->allocate(page));
  run.spawn("reclaimer", [&] {
    for (int round = 0; round < rounds; ++round) {
      pool->free_unused_regions();
    }
  });
  run.spawn("reader", [&] {
    for (int round = 0; round < rounds; ++round) {
      borrow(*pool, page, 0xc4ec + static_cast<std::uint64_t>(round));
    }
  });
  run.join();
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "check-vs-sweep",
    .about = "the check that a region is unused against an allocation before it is swept",
    .variants = {{"documented-fix", "freed-region-in-use",
                  "reclaimer@collected reader@holding reclaimer reader"},
                 {"check-then-act-purge", "freed-region-in-use",
                  "reclaimer@checked reader@holding reclaimer reader"},
                 {"claimed", "pass", "reclaimer@claimed reader reclaimer"}},
    .play = play,
});
