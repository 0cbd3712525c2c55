// publish-before-map: a growing pool tells where the new slices are before there is memory behind
// them. Another request takes one at once.
//
//   grower                            reader
//   open the words of the region
//   |                                 slice = allocate()
//   |                                 write slice -> SIGSEGV
//   map the region
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/planted.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool = observed_or_planted(
      variant, {.budget_bytes = two_words, .cores = 1, .region_bytes = two_words});
  // The region is there once and goes, so that what is touched too early was freed.
  pool->release(pool->allocate(page));
  pool->free_unused_regions();
  for (const char* name : {"grower", "reader"}) {
    run.spawn(name, [&] {
      for (int round = 0; round < rounds; ++round) {
        const allocator::Slice slice = demand(*pool, "refused, although slices are free");
        if (!slice) return;
        use(slice, 0x9b);
        pool->release(slice);
      }
    });
  }
  run.join();
  check_nothing_lost<4>(*pool);
  pool->check_accounts(0);
  pool->check_verified();
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "publish-before-map",
    .about = "a slice of a region that is being mapped is taken by another request",
    .variants = {{"publish-before-map", "freed-region-in-use"},
                 {"small", "pass", "grower@mapped reader grower"},
                 {"claimed", "pass", "grower@mapped reader grower"}},
    .documented = "grower@published reader grower",
    .play = play,
});
