// reuse-vs-poll: a region is taken out of use and into use again while a poll of one of its slices
// is on its way. Reuse believes that all slices are there, and offers all of them.
//
//   reader                            reclaimer
//   slice = poll()
//   |                                 unused: 2 of 2, put the region aside
//   |                                 allocate(): reuse it, unused = 2, offer both slices
//   |                                   and take the first: the reader's
//   unused = 1
//   write slice                       write slice
//
// In `claimed` a region that is taken into use anew has been claimed whole before.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/reset_on_reuse.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool = lifecycles::pool_of<lifecycles::ResetOnReuse>(
      variant, {.budget_bytes = 2 * page, .cores = 1, .region_bytes = 2 * page});
  pool->release(pool->allocate(page));
  run.spawn("reader", [&] {
    for (int round = 0; round < rounds; ++round) ask(*pool, 0x4ead);
  });
  run.spawn("reclaimer", [&] {
    for (int round = 0; round < rounds; ++round) {
      pool->free_unused_regions();
      ask(*pool, 0x4ec1);
    }
  });
  run.join();
  // Where a slice went through two hands one after the other it is in the pool twice, which is the
  // same defect again; the question here is whether two had it at once.
  if (variant == "claimed") pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "reuse-vs-poll",
    .about = "reuse of a region, with all of its slices, against a poll that is on its way",
    .variants = {{"reset-on-reuse", "double-give"}, {"claimed", "pass"}},
    .documented = "reader@polled reclaimer@holding reader",
    .play = play,
});
