// release-vs-free: release() pushes the slice on the pool, and counts it afterwards. What does a
// sweep see in between?
//
// In documented-fix: a region that is *less* complete than it is, so it leaves it alone; the order
// is the safe one on this side. With nobody allocating, documented-fix passes, and that is the
// truth about it: what breaks it is the same order in allocate() (poll-vs-free). In uncounted-alloc
// the count stands at its total although both slices are out, and the sweep takes the region away
// under the two releases: they touch dead slices, or push them for the next client to stumble over.
#include "harness/scenario.hpp"
#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = observed(variant, {.budget_bytes = 4 * page, .cores = 1, .region_bytes = 2 * page});
  const allocator::Slice one = pool->allocate(page);
  const allocator::Slice two = pool->allocate(page);
  const auto use_and_release = [&](const allocator::Slice& slice, std::uint64_t value) {
    use(slice, value);
    pool->release(slice);
  };
  run.spawn("first", [&] { use_and_release(one, 0xf1); });
  run.spawn("second", [&] { use_and_release(two, 0xf2); });
  run.spawn("reclaimer", [&] { pool->free_unused_regions(); });
  run.join();
  // Whatever lies in the pool now must be alive.
  const allocator::Slice next = pool->allocate(page);
  const allocator::Slice last = pool->allocate(page);
  use(next, 0xa1);
  use(last, 0xa2);
  pool->release(next);
  pool->release(last);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "release-vs-free",
    .about = "two releases, pushed but not yet counted, against free_unused_regions()",
    .variants = {{"uncounted-alloc", "freed-region-in-use", "first@holding reclaimer first"},
                 {"documented-fix", "pass"},
                 {"claimed", "pass"}},
    .documented = "first@pushed second@pushed reclaimer first second",
    .play = play,
});
