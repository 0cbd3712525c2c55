// poll-vs-free: a slice has been taken from the pool but not yet counted when the reclaimer looks
// at the count. Not in the incident report; it breaks the report's "complete fix".
//
//   reader                            reclaimer
//   slice = poll()
//   |                                 free_unused_regions(): unusedSlices still 8 == 8, munmap
//   unusedSlices = 7
//   write slice                       -> SIGSEGV
//
// The original's authors met it later and took freeing out of normal operation ("inherent race").
#include "harness/scenario.hpp"
#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  auto pool = observed(variant, small_pool);
  pool->release(pool->allocate(page));  // the region is there and complete before anybody races
  run.spawn("reader", [&] {
    for (int round = 0; round < rounds; ++round) {
      borrow(*pool, page, 0x5a5a + static_cast<std::uint64_t>(round));
    }
  });
  run.spawn("reclaimer", [&] {
    for (int round = 0; round < rounds; ++round) {
      pool->free_unused_regions();
    }
  });
  run.join();
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "poll-vs-free",
    .about = "poll() of a slice, not yet counted, against free_unused_regions() of its region",
    .variants = {{"documented-fix", "freed-region-in-use"}, {"claimed", "pass"}},
    .documented = "reader@polled reclaimer reader",
    .play = play,
});
