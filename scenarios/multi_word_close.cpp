// multi-word-close: a region of two words is closed word by word. Where the second one is in use
// the first must be opened again, and whoever wanted a slice of it meanwhile finds it afterwards.
//
//   reader                            reclaimer (the second word is in use)
//                                     close word 1
//   allocate(): word 1 is closed      |
//                                     word 2 is in use: open word 1 again
//
// close-only-first-word takes the first word for the whole region. no-roll-back leaves the first
// word closed, with slices that nobody can have any more.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/planted.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool = observed_or_planted(
      variant, {.budget_bytes = two_words, .cores = 1, .region_bytes = two_words});
  std::array<allocator::Slice, 3> taken;
  for (auto& slice : taken) slice = pool->allocate(page);
  pool->release(taken[0]);
  pool->release(taken[1]);
  run.spawn("reader", [&] {
    for (int round = 0; round < rounds; ++round) ask(*pool, 0x4e);
  });
  run.spawn("returner", [&] {
    use(taken[2], 0x1e);
    pool->release(taken[2]);
  });
  run.spawn("reclaimer", [&] {
    for (int round = 0; round < rounds; ++round) pool->free_unused_regions();
  });
  run.join();
  check_nothing_lost<4>(*pool);
  pool->check_accounts(0);
  pool->check_verified();
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "multi-word-close",
    .about = "a region of two words is closed, while slices of both are taken and returned",
    .variants = {{"close-only-first-word", "freed-region-in-use"},
                 {"no-roll-back", "assertion"},
                 {"small", "pass"},
                 {"claimed", "pass"}},
    .documented = "returner@holding reclaimer returner reader",
    .play = play,
});
