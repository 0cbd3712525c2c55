// advise-failure: the system refuses to take memory back (munmap and madvise fail, where the number
// of mappings is at its limit, or the memory is locked). Which calls fail is the engine's choice
// (see weather.hpp). The region stays mapped, pooled and counted, the caller hears of it, and the
// next sweep may have it.
//
// In the original's history a slot whose madvise failed was neither pooled again nor reported:
// loses-the-slot.
#include <system_error>

#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/advice.hpp"
#include "scenarios/weather.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  Weather weather;
  auto pool = lifecycles::pool_of<lifecycles::LosesTheSlot>(
      variant,
      {.budget_bytes = 2 * page, .cores = 1, .region_bytes = 2 * page, .memory = &weather});
  const allocator::Slice held = pool->allocate(page);
  run.spawn("returner", [&] {
    use(held, 0x4e);
    pool->release(held);
  });
  run.spawn("reclaimer", [&] {
    try {
      pool->free_unused_regions();
    } catch (const std::system_error&) {
      harness::point("heard");
    }
  });
  run.spawn("storm", [&] { weather.storm(); });
  run.join();
  pool->check_accounts(0);
  check_nothing_lost<2>(*pool);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "advise-failure",
    .about = "the system refuses to take memory back in the middle of a sweep",
    .variants = {{"loses-the-slot", "accounting-drift"},
                 {"documented-fix", "pass"},
                 {"madvise-reuse", "pass"},
                 {"claimed", "pass"}},
    .documented = "returner storm@storm reclaimer storm",
    .play = play,
});
