// partial-sweep: a region too large for one word of bits. A sweep has to claim it piece by piece;
// where a later piece is in use it must give the earlier ones back, all of them, and so that
// everybody finds them again, while others take and return slices in between.
//
// main leaves one slice out in the second half of the region. It comes home while the reclaimer
// sweeps and a reader takes and returns a slice. In `claimed` (32 slices a word) nothing may be
// lost: in the end all slices of the region can be out at once, under a budget that allows no
// second region. In documented-fix the slice that comes home completes the count, although the
// reader has polled one and not counted it yet (poll-vs-free, with the last count coming from
// elsewhere).
#include <array>

#include "harness/scenario.hpp"
#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;

constexpr std::size_t slices_per_region = 64;
constexpr std::size_t first_half = slices_per_region / 2;

bool take(ObservedPool& pool, allocator::Slice& slice) {
  try {
    slice = pool.allocate(page);
    return true;
  } catch (const allocator::OutOfMemory&) {
    harness::observe::violated("assertion", "a request failed although slices are free");
    return false;
  }
}

// The slice after the first half of the region, all of which is free again.
allocator::Slice leave_one_out(ObservedPool& pool) {
  std::array<allocator::Slice, first_half> taken;
  for (auto& slice : taken) slice = pool.allocate(page);
  const allocator::Slice left_out = pool.allocate(page);
  for (const auto& slice : taken) pool.release(slice);
  return left_out;
}

void check_all_there(ObservedPool& pool) {
  std::array<allocator::Slice, slices_per_region> taken;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (!take(pool, taken[i])) return;
    stamp(taken[i], i);
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    check_stamp(taken[i], i);
    pool.release(taken[i]);
  }
}

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 20;
  constexpr std::size_t region_bytes = slices_per_region * page;
  auto pool =
      observed(variant, {.budget_bytes = region_bytes, .cores = 1, .region_bytes = region_bytes});
  const allocator::Slice left_out = leave_one_out(*pool);
  run.spawn("reader", [&] {
    allocator::Slice slice;
    for (int round = 0; round < rounds && take(*pool, slice); ++round) {
      use(slice, 0x9a47 + static_cast<std::uint64_t>(round));
      pool->release(slice);
    }
  });
  run.spawn("returner", [&] {
    use(left_out, 0x1e47);
    pool->release(left_out);
  });
  run.spawn("reclaimer", [&] {
    for (int round = 0; round < rounds; ++round) {
      pool->free_unused_regions();
    }
  });
  run.join();
  check_all_there(*pool);
  pool->check_accounts(0);
  pool->free_unused_regions();
  harness::observe::counted("regions left by a sweep of everything", pool->statistics().regions, 0);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "partial-sweep",
    .about = "a sweep of a region in two pieces, while slices of both are taken and returned",
    .variants = {{"documented-fix", "freed-region-in-use"}, {"claimed", "pass"}},
    .documented = "reader@polled returner reclaimer reader",
    .play = play,
});
