// purge-at-exit: the process ends, the pool is shut down, and the purger, a thread of its own, is
// on its way to a region. mimalloc's history has it twice.
//
//   purger                            closer
//   is the pool gone? no
//   |                                 gone = true; munmap(region)
//   read the region's header          -> SIGSEGV
//
// The descriptors of `claimed` lie outside of the regions and live as long as the pool.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/purges.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = lifecycles::pool_of<lifecycles::PurgesAtExit>(
      variant, {.budget_bytes = 2 * page, .cores = 1, .region_bytes = 2 * page});
  if (variant == "claimed") pool->release(pool->allocate(page));
  run.spawn("purger", [&] { pool->free_unused_regions(); });
  run.spawn("closer", [&] { pool->close(); });
  run.join();
  if (pool->statistics().mapped_bytes != 0) {
    harness::observe::violated("leak", "the pool is closed, and memory is mapped");
  }
}

}  // namespace

HARNESS_SCENARIO({
    .name = "purge-at-exit",
    .about = "a purge that is on its way to a region when the pool is shut down",
    .variants = {{"purges-at-exit", "freed-region-in-use", "purger@looked closer purger"},
                 {"claimed", "pass", "purger@claimed closer purger"}},
    .play = play,
});
