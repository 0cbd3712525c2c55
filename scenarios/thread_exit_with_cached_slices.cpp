// thread-exit-with-cached-slices: a worker ends while it still keeps slices that it does not use.
// Nobody else knows of them: unless the worker gives them back, they are lost, and their region
// cannot be unmapped any more. A sweep may be on its way to them at that moment.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/magazines.hpp"
#include "scenarios/planted.hpp"

namespace {

using namespace scenarios;

std::unique_ptr<ObservedPool> make(std::string_view variant, const allocator::Options& options) {
  if (variant == lifecycles::ForgetsItsCache::name) {
    return lifecycles::pool_of<lifecycles::ForgetsItsCache>(variant, options);
  }
  return observed_or_planted(variant, options);
}

void play(harness::Execution& run, std::string_view variant) {
  auto pool =
      make(variant,
           {.budget_bytes = two_words, .cores = 1, .region_bytes = two_words, .cached_slices = 2});
  run.spawn("worker", [&] {
    const auto cache = pool->make_cache();
    const allocator::Slice slice = cache->allocate(page);
    use(slice, 0x3a);
    cache->release(slice);
  });
  run.spawn("purger", [&] { pool->free_unused_regions(); });
  run.join();
  check_nothing_lost<4>(*pool);
  pool->check_accounts(0);
  pool->check_verified();
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "thread-exit-with-cached-slices",
    .about = "a worker ends while it keeps free slices, and a sweep is on its way to them",
    .variants = {{"forgets-its-cache", "assertion", "worker@holding worker"}, {"small", "pass"}, {"claimed", "pass"}},
    .documented = "worker@holding purger worker",
    .search = {.executions = 20'000},
    .play = play,
});
