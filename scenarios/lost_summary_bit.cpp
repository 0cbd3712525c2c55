// lost-summary-bit: a summary says which words may have free slices, so that a search need not look
// at all of them. A bit may be set for nothing; but a word with free slices whose bit is clear is
// lost to every search, and the pool grows although it has slices.
//
//   asker                             returner
//   nothing free in word 2
//   |                                 put a slice into word 2
//   |                                 look at its bit: set, nothing to do
//   clear the bit of word 2           the slice is there, and nobody looks
//
// So who clears a bit looks at the word again afterwards (clear-without-recheck does not); who puts
// the first slice into a word sets the bit (release-without-summary); and so does a sweep that
// opens a word again (roll-back-without-summary).
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/planted.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 5;
  auto pool = observed_or_planted(
      variant, {.budget_bytes = two_words, .cores = 1, .region_bytes = two_words});
  std::array<allocator::Slice, 4> taken;
  for (auto& slice : taken) slice = pool->allocate(page);
  pool->release(taken[0]);
  pool->release(taken[1]);
  run.spawn("reclaimer", [&] {
    for (int round = 0; round < rounds; ++round) pool->free_unused_regions();
  });
  run.spawn("asker", [&] {
    for (int round = 0; round < rounds; ++round) ask(*pool, 0xa5);
  });
  run.spawn("returner", [&] { pool->release(taken[2]); });
  run.join();
  pool->check_verified();
  pool->release(taken[3]);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "lost-summary-bit",
    .about = "a word gets a free slice while its bit in the summary is being cleared",
    .variants = {{"clear-without-recheck", "accounting-drift",
                  "reclaimer@rolling-back asker@settling returner asker reclaimer asker"},
                 {"release-without-summary", "accounting-drift"},
                 {"roll-back-without-summary", "accounting-drift",
                  "reclaimer@rolling-back asker reclaimer asker returner"},
                 {"small", "pass", "reclaimer asker returner"},
                 {"claimed", "pass", "reclaimer asker returner"}},
    .documented = "reclaimer@rolling-back asker returner reclaimer asker",
    .play = play,
});
