// transient-close: slices are away for a moment, because a sweep has closed their word and will
// open it again, or because who returned them has not said so in the summary yet. A request that
// comes then must not be refused: it has to look at the words themselves, with sweeps shut out.
//
//   returner (words 1 and 2 are empty)  swapper
//   put a slice into word 2             |
//   |                                   put another slice into word 2: not the first, nothing to do
//   |                                   allocate(): the summary is empty, refused
//   set the bit of word 2
//
// The swapper has just given a slice back, and nobody else takes any.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/planted.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = observed_or_planted(
      variant, {.budget_bytes = two_words, .cores = 1, .region_bytes = two_words});
  std::array<allocator::Slice, 4> taken;
  for (auto& slice : taken) slice = pool->allocate(page);
  ask(*pool, 0);  // refused, of course; that clears the summary
  run.spawn("returner", [&] { pool->release(taken[2]); });
  run.spawn("swapper", [&] {
    pool->release(taken[3]);
    taken[3] = demand(*pool, "refused, although the slice has just been given back");
    if (taken[3]) use(taken[3], 0x5a);
  });
  run.spawn("reclaimer", [&] { pool->free_unused_regions(); });
  run.join();
  for (const std::size_t i : {0, 1, 3}) pool->release(taken[i]);
  check_nothing_lost<4>(*pool);
  pool->check_accounts(0);
  pool->check_verified();
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "transient-close",
    .about = "a request that comes while the slices there are cannot be seen for a moment",
    .variants = {{"out-of-memory-by-summary", "assertion"}, {"small", "pass"}, {"claimed", "pass"}},
    .documented = "returner@pushed swapper reclaimer returner",
    .play = play,
});
