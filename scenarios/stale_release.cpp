// stale-release: a slice is given back, handed out again to somebody else, and then given back once
// more by its former owner, who does not know better.
//
//   careless                          owner (main)                      third
//   release(slice)
//                                     slice = allocate(): the same
//   release(slice): accepted          |
//                                     |                                 allocate(): the owner's;
//                                     write
//
// By its address the release is as good as any. `claimed` can be made to ask for more
// (Check::exact): each allocation has a ticket, and a release with an old one is refused.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/last_in_first_out.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = lifecycles::pool_of<lifecycles::KnowsTheAddressOnly>(
      variant, {.budget_bytes = 2 * page,
                .cores = 1,
                .region_bytes = 2 * page,
                .check = allocator::Check::exact});
  const allocator::Slice old = pool->allocate(page);
  pool->release(old);
  const allocator::Slice owned = pool->allocate(page);  // the same one
  stamp(owned, 0x04);
  run.spawn("careless", [&] {
    if (pool->release(old) == allocator::Released::ok) harness::point("accepted");
  });
  run.spawn("third", [&] { borrow(*pool, page, 0x3d); });
  run.join();
  check_stamp(owned, 0x04);
  pool->release(owned);
  if (variant == "claimed") {
    check_nothing_lost<2>(*pool);
    pool->check_accounts(0);
    pool->check_verified();
  }
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "stale-release",
    .about = "a slice is given back by its former owner, after it was handed out again",
    .variants = {{"knows-the-address-only", "lost-data"}, {"claimed", "pass"}},
    .documented = "careless third",
    .play = play,
});
