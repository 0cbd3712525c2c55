// map-failure: the system refuses memory in the middle of growth. Which calls fail is the engine's
// choice (see weather.hpp). Whoever is refused hears of it; nothing is lost, every figure is right
// afterwards, and when the storm is over growth works as before.
//
// compares-with-null takes MAP_FAILED for an address, and hands it out. keeps-the-charge forgets to
// give back what it charged for the mapping that never came.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/map_failures.hpp"
#include "scenarios/weather.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  Weather weather;
  auto pool = lifecycles::pool_of<lifecycles::ComparesWithNull, lifecycles::KeepsTheCharge>(
      variant,
      {.budget_bytes = 4 * page, .cores = 1, .region_bytes = 2 * page, .memory = &weather});
  for (const char* name : {"grower-1", "grower-2"}) {
    run.spawn(name, [&] {
      for (int round = 0; round < rounds; ++round) ask(*pool, 0x96);
    });
  }
  run.spawn("storm", [&] {
    for (int round = 0; round < rounds; ++round) weather.storm();
  });
  run.join();
  pool->check_accounts(0);
  check_nothing_lost<4>(*pool);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "map-failure",
    .about = "the system refuses memory in the middle of growth",
    .variants = {{"compares-with-null", "crash"},
                 {"keeps-the-charge", "accounting-drift"},
                 {"documented-fix", "pass"},
                 {"claimed", "pass"}},
    .documented = "storm@storm grower-1 storm grower-2",
    .play = play,
});
