// shutdown-vs-free: close() meets free_unused_regions(). Both want every region; each must be
// unmapped exactly once and uncharged exactly once, and nothing may stay behind. Purging at exit
// what is already unmapped is a bug of more than one allocator (mimalloc #904, #1367); the
// generations here have it right, as a region is taken before it is freed.
#include "harness/scenario.hpp"
#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = observed(variant, small_pool);
  // Two regions, of two classes.
  pool->release(pool->allocate(page));
  pool->release(pool->allocate(2 * page));
  run.spawn("closer", [&] { pool->close(); });
  run.spawn("reclaimer", [&] { pool->free_unused_regions(); });
  run.join();
  pool->check_accounts(0);
  const allocator::Statistics said = pool->statistics();
  harness::observe::counted("regions left by close()", said.regions, 0);
  harness::observe::counted("bytes left mapped by close()", said.mapped_bytes, 0);
}

}  // namespace

HARNESS_SCENARIO({
    .name = "shutdown-vs-free",
    .about = "close() of the pool against free_unused_regions()",
    .variants = {{"documented-fix", "pass", "reclaimer@collected closer reclaimer"},
                 {"madvise-reuse", "pass", "reclaimer@collected closer reclaimer"},
                 {"claimed", "pass"}},
    .documented = "closer reclaimer",
    .play = play,
});
