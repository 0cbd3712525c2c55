// roll-back-vs-close: a sweep has closed the first word of a region, finds the second one in use
// and opens the first again, while the pool is being shut down. What the shutdown has written into
// the closed word must survive.
//
//   reclaimer                         closer
//   close word 1
//   |                                 set words 1 and 2 draining
//   word 2 is in use: open word 1
//     by a store of "all free"        word 1 hands out slices of a closed pool
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/planted.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = observed_or_planted(
      variant, {.budget_bytes = two_words, .cores = 1, .region_bytes = two_words});
  std::array<allocator::Slice, 3> taken;
  for (auto& slice : taken) slice = pool->allocate(page);
  pool->release(taken[0]);
  pool->release(taken[1]);
  run.spawn("reclaimer", [&] { pool->free_unused_regions(); });
  run.spawn("closer", [&] { pool->close(); });
  run.join();
  if (ask(*pool, 0xc1)) {
    harness::observe::violated("use-after-close", "a closed pool served a request");
  }
  pool->check_verified();
  use(taken[2], 0x1a);
  pool->release(taken[2]);
  pool->check_accounts(0);
  if (pool->statistics().mapped_bytes != 0) {
    harness::observe::violated("leak", "all is back in a closed pool, and memory is mapped");
  }
}

}  // namespace

HARNESS_SCENARIO({
    .name = "roll-back-vs-close",
    .about = "a sweep opens a word again that was shut down meanwhile",
    .variants = {{"roll-back-by-store", "use-after-close"}, {"small", "pass"}, {"claimed", "pass"}},
    .documented = "reclaimer closer",
    .play = play,
});
