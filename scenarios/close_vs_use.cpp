// close-vs-use: every region has one arena, which is the lifetime of all its slices; freeing the
// region closes it, and ends what others are using. Issue 1 of the incident report, which concludes
// that an arena and a pool do not go together.
//
//   reader                            reclaimer
//   slice = allocate()
//                                     release(the last slice, as it thinks)
//                                       free the region: arena.close()
//   write slice                       -> dead memory
//
// In the first generation the last slice seems to come back with every release, because allocations
// are not subtracted from the count, so any release will do.
#include <array>

#include "harness/scenario.hpp"
#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;

// The reader's slices go back when all is over: a release that is under way while the arena is
// closed would be refused, and then the question is no longer this one.
void play(harness::Execution& run, std::string_view variant) {
  const std::size_t rounds = run.controlled() ? 1 : 4;
  auto pool = observed(variant, small_pool);
  const allocator::Slice last = pool->allocate(page);
  std::array<allocator::Slice, 4> read;
  run.spawn("reader", [&] {
    for (std::size_t round = 0; round < rounds; ++round) {
      read[round] = pool->allocate(page);
      use(read[round], 0xc105e + round);
    }
  });
  run.spawn("reclaimer", [&] {
    pool->release(last);
    for (std::size_t round = 0; round < rounds; ++round) {
      pool->free_unused_regions();
    }
  });
  run.join();
  for (std::size_t round = 0; round < rounds; ++round) {
    check_stamp(read[round], 0xc105e + round);
    pool->release(read[round]);
  }
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "close-vs-use",
    .about = "closing the arena of a region against the use of a slice of it",
    .variants = {{"shared-arena", "use-after-close"}, {"claimed", "pass"}},
    .documented = "reader@holding reclaimer reader",
    .play = play,
});
