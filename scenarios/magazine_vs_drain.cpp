// magazine-vs-drain: a worker keeps free slices for itself, and takes and puts them without a lock.
// A sweep wants them back: it must not take what the worker is taking.
//
//   worker                            purger
//   the top of the magazine is S
//   |                                 empty the magazine: S is free for all
//   |                                 allocate(): S
//   count = count - 1, use S          use S
//
// In `claimed` the worker says that it is in operation before it looks, and the purger asks for
// attention and then looks whether the worker is (owner-mark-after-taking says so too late). main
// keeps a slice of the region, so that a sweep drains, but unmaps nothing: one way to fail.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/magazines.hpp"
#include "scenarios/planted.hpp"

namespace {

using namespace scenarios;

std::unique_ptr<ObservedPool> make(std::string_view variant, const allocator::Options& options) {
  if (variant == lifecycles::DrainsUnfrozen::name) {
    return lifecycles::pool_of<lifecycles::DrainsUnfrozen>(variant, options);
  }
  return observed_or_planted(variant, options);
}

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool =
      make(variant,
           {.budget_bytes = two_words, .cores = 1, .region_bytes = two_words, .cached_slices = 2});
  const allocator::Slice kept = pool->allocate(page);
  auto cache = pool->make_cache();
  cache->release(cache->allocate(page));  // a slice to begin with
  run.spawn("worker", [&] {
    for (int round = 0; round < rounds; ++round) {
      const allocator::Slice slice = cache->allocate(page);
      use(slice, 0x3a);
      cache->release(slice);
    }
  });
  run.spawn("purger", [&] {
    for (int round = 0; round < rounds; ++round) {
      pool->free_unused_regions();
      ask(*pool, 0x94);
    }
  });
  run.join();
  cache.reset();
  pool->release(kept);
  check_nothing_lost<4>(*pool);
  pool->check_accounts(0);
  pool->check_verified();
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "magazine-vs-drain",
    .about = "a sweep takes back what a worker keeps, while the worker takes of it",
    .variants = {{"drains-unfrozen", "double-give", "worker@taking purger@holding worker"},
                 {"owner-mark-after-taking", "double-give", "worker@taking purger@holding worker"},
                 {"small", "pass"},
                 {"claimed", "pass"}},
    .documented = "worker@holding purger worker",
    .search = {.strategy = "dpor", .executions = 20'000},
    .play = play,
});
