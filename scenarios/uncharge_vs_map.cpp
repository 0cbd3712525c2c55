// uncharge-vs-map: a region is given back in two steps: its charge, its memory. With the charge
// first, a growth takes the charge and maps its own region while the old one is mapped still.
//
//   reclaimer                         grower (the budget is one region)
//   uncharge the region
//   |                                 charge, map a region        two are mapped
//   unmap it
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/planted.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 5;
  auto pool = observed_or_planted(
      variant, {.budget_bytes = two_words, .cores = 1, .region_bytes = two_words});
  pool->release(pool->allocate(page));
  run.spawn("reclaimer", [&] {
    for (int round = 0; round < rounds; ++round) pool->free_unused_regions();
  });
  run.spawn("grower", [&] {
    for (int round = 0; round < rounds; ++round) {
      ask(*pool, 0x96, 2 * page);  // of another class, so that it needs a region of its own
      ask(*pool, 0x95);
    }
  });
  run.join();
  pool->check_accounts(0);
  pool->check_verified();
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "uncharge-vs-map",
    .about = "a region is uncharged and unmapped, while another one is charged and mapped",
    .variants = {{"uncharge-before-unmap", "budget-exceeded",
                  "reclaimer@uncharged grower reclaimer"},
                 {"small", "pass"},
                 {"claimed", "pass"}},
    .documented = "reclaimer@claimed grower reclaimer",
    .play = play,
});
