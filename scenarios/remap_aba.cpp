// remap-aba: a region is unmapped, and a new one appears at the very same address, while a client
// still holds a slice of the old one that it had given back, and gives it back again.
//
//   stale                             mapper
//                                     allocate(): maps a region where the old one was
//   release(old slice)
//     lies in a region: pushed        ... and is in the pool twice
//
// Whether the new mapping gets the old address is a choice of the execution. The historical
// generations look up what is mapped at the address now, and take the slice. In `claimed` the bit
// of the slice is set already in the new region, or the word is closed: refused. (A stale release
// of a slice that has a new owner is another question: see stale-release.)
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = observed(variant, {.budget_bytes = 2 * page, .cores = 1, .region_bytes = 2 * page});
  // The second slice of its region, so that the mapper, which gets the first, never owns it.
  const allocator::Slice first = pool->allocate(page);
  const allocator::Slice old = pool->allocate(page);
  pool->release(first);
  pool->release(old);
  pool->free_unused_regions();
  run.spawn("stale", [&] {
    if (pool->release(old) == allocator::Released::ok) {
      // The oracle of double releases has spoken: it knows that the slice came back before.
      return;
    }
    harness::point("refused");
  });
  run.spawn("mapper", [&] { borrow(*pool, page, 0xaba); });
  run.join();
  check_nothing_lost<2>(*pool);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "remap-aba",
    .about = "a release of a slice whose region is gone, and another one mapped in its place",
    .variants = {{"documented-fix", "double-release", "mapper/1@holding stale mapper"}, {"claimed", "pass"}},
    .documented = "mapper@holding stale mapper",
    .play = play,
});
