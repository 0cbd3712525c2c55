// budget-stolen-by-a-third: a request that finds the budget used up makes room, and then asks the
// budget again. In between the room belongs to nobody, and a third one takes it; the one that made
// it is refused, although there was more to be freed.
//
//   asker-1 (2 of 2 mapped, unused)   asker-2
//   free one: 1 of 2                  |
//   |                                 charge: 2 of 2, served
//   charge: refused                   |
//   give up                           (another one could have been freed)
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/frame_cache.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  // What is unused is of another class, so that it has to be freed before it can be had.
  const std::size_t other = variant == "claimed" ? 2 * page : page;
  auto pool = lifecycles::pool_of<lifecycles::LetsGoOfCharge>(
      variant, {.budget_bytes = 2 * other, .cores = 1, .region_bytes = page});
  const allocator::Slice one = pool->allocate(other);
  const allocator::Slice two = pool->allocate(other);
  pool->release(one);
  pool->release(two);
  for (const char* name : {"asker-1", "asker-2"}) {
    run.spawn(name, [&] {
      const allocator::Slice slice = demand(*pool, "refused, although unused memory was left");
      if (!slice) return;
      use(slice, 0xa5);
      pool->release(slice);
    });
  }
  run.join();
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "budget-stolen-by-a-third",
    .about = "the room that a request has made is taken by another one",
    .variants = {{"lets-go-of-charge", "assertion"},
                 {"claimed", "pass", "asker-1@grow asker-2 asker-1"}},
    .documented = "asker-1@evicted asker-2 asker-1",
    .play = play,
});
