// purge-does-something: everything has come back, whatever the order; then a sweep must leave
// nothing mapped. A purge that does nothing breaks no rule of safety, so it is asked for its
// effect.
//
// In mimalloc's history a test read "exactly one is due" for "any is due": with two of them nothing
// was ever purged.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/purges.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool = lifecycles::pool_of<lifecycles::PurgesWhenOne>(
      variant, {.budget_bytes = 2 * page, .cores = 1, .region_bytes = page});
  for (const char* name : {"client-1", "client-2"}) {
    run.spawn(name, [&] {
      for (int round = 0; round < rounds; ++round) ask(*pool, 0xc1);
    });
  }
  run.join();
  pool->check_accounts(0);
  pool->free_unused_regions();
  if (pool->statistics().mapped_bytes != 0) {
    harness::observe::violated("leak", "everything is back and was purged, and memory is mapped");
  }
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "purge-does-something",
    .about = "after everything has come back, a sweep leaves nothing mapped",
    .variants = {{"purges-when-one", "leak"}, {"documented-fix", "pass"}, {"claimed", "pass"}},
    .documented = "client-1@holding client-2@holding client-1 client-2",
    .play = play,
});
