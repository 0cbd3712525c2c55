// churn: the worst for a pool with caches. Threads live for a handful of slices and are gone, each
// with a cache of its own; a purger sweeps in a tight loop; the budget is three regions, for two
// classes of slices. --threads says how many spawn such threads on real threads (4).
//
// What must hold is what must hold everywhere: nobody's bytes change, the budget holds, every
// figure is right in the end, nothing stays mapped. A request may be refused while others hold
// everything.
#include <string>
#include <thread>
#include <vector>

#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/figures.hpp"

namespace {

using namespace scenarios;

struct Workload {
  std::size_t spawners = 2;
  int lives = 1;   // of threads, one after the other
  int rounds = 1;  // in each life
  int sweeps = 2;
};

// One short life: a cache, some slices of it, the end.
void live(ObservedPool& pool, int rounds, std::uint64_t stamp_value) {
  const auto cache = pool.make_cache();
  for (int round = 0; round < rounds; ++round) {
    try {
      const std::size_t bytes = round % 2 == 0 ? page : 2 * page;
      const allocator::Slice slice = cache->allocate(bytes);
      use(slice, stamp_value + static_cast<std::uint64_t>(round));
      cache->release(slice);
    } catch (const allocator::OutOfMemory&) {
      std::this_thread::yield();
    }
  }
}

void play(harness::Execution& run, std::string_view variant) {
  Workload work;
  if (!run.controlled()) {
    work.spawners = threads_asked_for(4);
    work.lives = 8;
    work.rounds = 40;
    work.sweeps = 400;
  }
  constexpr std::size_t region_bytes = 8 * page;
  auto pool = observed(variant, {.budget_bytes = 3 * region_bytes,
                                 .cores = 1,
                                 .region_bytes = region_bytes,
                                 .cached_slices = 4});
  for (std::size_t i = 0; i < work.spawners; ++i) {
    run.spawn("spawner-" + std::to_string(i + 1), [&, i] {
      for (int life = 0; life < work.lives; ++life) {
        std::thread([&] { live(*pool, work.rounds, 0x100 * (i + 1)); }).join();
      }
    });
  }
  run.spawn("purger", [&] {
    for (int sweep = 0; sweep < work.sweeps; ++sweep) pool->free_unused_regions();
  });
  run.join();
  pool->check_accounts(0);
  pool->check_verified();
  pool->free_unused_regions();
  if (pool->statistics().mapped_bytes != 0) {
    harness::observe::violated("leak", "everything is back and was freed, and memory is mapped");
  }
  pool->close();
  if (!run.controlled()) tell_activity(*pool);
}

}  // namespace

HARNESS_SCENARIO({
    .name = "churn",
    .about = "short-lived threads with caches, a tight purger, a budget of three regions",
    .variants = {{"claimed", "pass"}},
    .search = {.strategy = "random", .executions = 3000},
    .play = play,
});
