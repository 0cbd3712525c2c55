// The documented interleavings, without the harness: this test answers the named points itself.
// What another thread would do there is done on the spot, so each history is one straight line.
// Each historical defect must show (repair one and its test fails), and `claimed` must not mind.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "allocator/allocator.hpp"
#include "allocator/test/memory_double.hpp"

namespace {

// What happens at a point, once. Empty afterwards, so that what happens there may pass it again.
std::pair<std::string, std::function<void()>> at_point;
std::vector<std::pair<const void*, std::size_t>> closed_ranges;
std::atomic<int> growths{0};  // how often a request has had to take the slow path

void answer(const char* name) {
  if (std::string_view(name) == "grow") ++growths;
  if (at_point.first != name) return;
  at_point.first.clear();
  const auto act = std::exchange(at_point.second, nullptr);
  act();
}

}  // namespace

extern "C" void harness_point(const char* name) { answer(name); }
extern "C" void harness_closed(const void* base, std::size_t bytes) {
  closed_ranges.emplace_back(base, bytes);
}

namespace {

using allocator::MemoryDouble;
using allocator::Pool;
using allocator::Released;
using allocator::Slice;

class Interleaving : public testing::Test {
 protected:
  void SetUp() override {
    at_point = {};
    closed_ranges.clear();
    growths = 0;
  }
  std::unique_ptr<Pool> make(std::string_view variant, std::size_t budget_bytes = 8192) {
    return allocator::make(
        variant,
        {.budget_bytes = budget_bytes, .cores = 1, .region_bytes = 8192, .memory = &memory_});
  }
  // A pool with one region, all of whose slices are free.
  std::unique_ptr<Pool> made_warm(std::string_view variant, std::size_t budget_bytes = 8192) {
    auto pool = make(variant, budget_bytes);
    pool->release(pool->allocate(4096));
    return pool;
  }
  static void meanwhile(const char* point, std::function<void()> act) {
    at_point = {point, std::move(act)};
  }
  static bool happened() { return at_point.first.empty(); }

  MemoryDouble memory_;
};

TEST_F(Interleaving, FreeVsAlloc) {
  auto pool = make("uncounted-alloc");
  const Slice slice = pool->allocate(4096);
  EXPECT_EQ(pool->free_unused_regions(), 8192u);
  EXPECT_FALSE(memory_.accessible(slice.data()));
}

TEST_F(Interleaving, CloseVsUseOnRequest) {
  auto pool = make("shared-arena");
  const Slice slice = pool->allocate(4096);
  EXPECT_EQ(pool->free_unused_regions(), 8192u);
  ASSERT_EQ(closed_ranges.size(), 1u);
  EXPECT_LE(closed_ranges[0].first, slice.data());
  EXPECT_EQ(closed_ranges[0].second, 8192u);
  EXPECT_FALSE(memory_.accessible(slice.data()));
}

TEST_F(Interleaving, CloseVsUseByAnEagerRelease) {
  auto pool = make("shared-arena");
  const Slice slice = pool->allocate(4096);
  bool mapped_when_closed = false;
  meanwhile("closed", [&] { mapped_when_closed = memory_.accessible(slice.data()); });
  pool->release(pool->allocate(4096));
  EXPECT_TRUE(happened());
  EXPECT_TRUE(mapped_when_closed);
  EXPECT_FALSE(memory_.accessible(slice.data()));
  EXPECT_EQ(pool->release(slice), Released::foreign);
}

TEST_F(Interleaving, PollVsFree) {
  auto pool = made_warm("documented-fix");
  meanwhile("polled", [&] { EXPECT_EQ(pool->free_unused_regions(), 8192u); });
  const Slice slice = pool->allocate(4096);
  EXPECT_TRUE(happened());
  EXPECT_FALSE(memory_.accessible(slice.data()));
}

TEST_F(Interleaving, CheckVsSweep) {
  auto pool = made_warm("documented-fix");
  Slice slice;
  meanwhile("collected", [&] { slice = pool->allocate(4096); });
  EXPECT_EQ(pool->free_unused_regions(), 8192u);
  EXPECT_FALSE(memory_.accessible(slice.data()));
  EXPECT_EQ(pool->statistics(), pool->recount());
}

TEST_F(Interleaving, TheFixHoldsInTheOrderOfTheReport) {
  auto pool = made_warm("documented-fix");
  const Slice slice = pool->allocate(4096);
  EXPECT_EQ(pool->free_unused_regions(), 0u);
  EXPECT_TRUE(memory_.accessible(slice.data()));
  EXPECT_EQ(pool->release(slice), Released::ok);
  EXPECT_EQ(pool->free_unused_regions(), 8192u);
}

TEST_F(Interleaving, ReuseVsUseLosesDataAndGivesTwice) {
  auto pool = made_warm("madvise-reuse");
  Slice first;
  meanwhile("collected", [&] {
    first = pool->allocate(4096);
    std::memset(first.data(), 0x5a, first.size());
  });
  pool->free_unused_regions();
  EXPECT_EQ(first.data()[0], std::byte{0});
  const Slice second = pool->allocate(4096);
  const Slice third = pool->allocate(4096);
  EXPECT_TRUE(second.data() == first.data() || third.data() == first.data());
  // Reuse has set the count to the total: once these two are back, nothing seems to be out.
  pool->release(second);
  pool->release(third);
  EXPECT_EQ(pool->free_unused_regions(), 8192u);
}

TEST_F(Interleaving, ReuseVsPoll) {
  auto pool = made_warm("madvise-reuse");
  meanwhile("polled", [&] { EXPECT_EQ(pool->free_unused_regions(), 8192u); });
  const Slice first = pool->allocate(4096);
  const Slice second = pool->allocate(4096);
  const Slice third = pool->allocate(4096);
  EXPECT_TRUE(second.data() == first.data() || third.data() == first.data());
}

TEST_F(Interleaving, MadviseReuseSweepsFromReleaseOnceTheQueueIsLong) {
  auto pool = make("madvise-reuse", 1 << 20);
  std::vector<Slice> slices;
  for (int i = 0; i < 24; ++i) slices.push_back(pool->allocate(4096));
  for (int i = 0; i < 16; ++i) pool->release(slices[static_cast<std::size_t>(i)]);
  EXPECT_EQ(memory_.calls(MemoryDouble::Call::discard), 0u);
  pool->release(slices[16]);
  EXPECT_EQ(memory_.calls(MemoryDouble::Call::discard), 8u);
  EXPECT_EQ(pool->statistics().free_slices[0], 1u);
  EXPECT_EQ(pool->statistics(), pool->recount());
}

// The races the historical generations do not have: two sweeps, a sweep and a shutdown, a sweep and
// a half-made region.
TEST_F(Interleaving, TwoSweepsFreeARegionOnce) {
  for (const std::string_view variant : allocator::variants()) {
    if (variant == "claimed" || variant == "uncounted-alloc") continue;
    auto pool = make(variant);
    const Slice slice = pool->allocate(4096);
    if (variant != "shared-arena") pool->release(slice);
    meanwhile("collected", [&] { EXPECT_EQ(pool->free_unused_regions(), 8192u); });
    EXPECT_EQ(pool->free_unused_regions(), 0u) << variant;
    EXPECT_TRUE(happened());
    EXPECT_EQ(pool->statistics(), pool->recount());
  }
  EXPECT_EQ(memory_.repeated_unmappings(), 0u);
}

TEST_F(Interleaving, AShutdownDuringASweepUnmapsOnce) {
  for (const std::string_view variant : allocator::variants()) {
    if (variant == "claimed" || variant == "uncounted-alloc") continue;
    auto pool = make(variant);
    const Slice slice = pool->allocate(4096);
    if (variant != "shared-arena") pool->release(slice);
    meanwhile("collected", [&] { pool->close(); });
    EXPECT_EQ(pool->free_unused_regions(), 0u) << variant;
    EXPECT_TRUE(happened());
    EXPECT_EQ(pool->statistics(), allocator::Statistics{});
    EXPECT_EQ(memory_.accessible_bytes(), 0u);
  }
  EXPECT_EQ(memory_.repeated_unmappings(), 0u);
}

TEST_F(Interleaving, ASweepDoesNotSeeAHalfMadeRegion) {
  for (const std::string_view variant : allocator::variants()) {
    if (variant == "claimed") continue;
    auto pool = make(variant);
    meanwhile("mapped", [&] { EXPECT_EQ(pool->free_unused_regions(), 0u); });
    const Slice slice = pool->allocate(4096);
    EXPECT_TRUE(happened());
    EXPECT_TRUE(memory_.accessible(slice.data())) << variant;
    EXPECT_EQ(pool->statistics(), pool->recount());
  }
}

TEST_F(Interleaving, ASweepBetweenPushAndCountSparesTheRegion) {
  auto pool = make("documented-fix");
  const Slice slice = pool->allocate(4096);
  meanwhile("pushed", [&] { EXPECT_EQ(pool->free_unused_regions(), 0u); });
  EXPECT_EQ(pool->release(slice), Released::ok);
  EXPECT_TRUE(happened());
  EXPECT_EQ(pool->free_unused_regions(), 8192u);
}

TEST_F(Interleaving, ClaimedAtPolled) {
  auto pool = made_warm("claimed");
  meanwhile("polled", [&] { EXPECT_EQ(pool->free_unused_regions(), 0u); });
  const Slice slice = pool->allocate(4096);
  EXPECT_TRUE(happened());
  EXPECT_TRUE(memory_.accessible(slice.data()));
  std::memset(slice.data(), 1, slice.size());
  EXPECT_EQ(pool->release(slice), Released::ok);
}

TEST_F(Interleaving, ClaimedAtPushed) {
  auto pool = make("claimed");
  const Slice slice = pool->allocate(4096);
  meanwhile("pushed", [&] {
    EXPECT_EQ(pool->free_unused_regions(), 8192u);
    EXPECT_EQ(pool->release(slice), Released::closed);
  });
  EXPECT_EQ(pool->release(slice), Released::ok);
  EXPECT_TRUE(happened());
  EXPECT_EQ(pool->statistics(), allocator::Statistics{});
}

// The release marks the summary for a word whose region has gone meanwhile. The next request that
// has to be refused must see through that bit and come to an end.
TEST_F(Interleaving, ClaimedSummaryOfAClosedWord) {
  auto pool = make("claimed");
  const Slice first = pool->allocate(4096);
  const Slice second = pool->allocate(4096);
  pool->release(second);
  EXPECT_EQ(pool->allocate(4096).data(), second.data());
  pool->release(second);
  const Slice again = pool->allocate(4096);
  EXPECT_THROW(pool->allocate(4096), allocator::OutOfMemory);  // the summary's bit is clear now
  pool->release(again);
  Slice other;
  meanwhile("pushed", [&] {
    pool->free_unused_regions();
    other = pool->allocate(8192);  // takes the whole budget for another class
  });
  pool->release(first);
  EXPECT_TRUE(happened());
  EXPECT_TRUE(other);
  EXPECT_THROW(pool->allocate(4096), allocator::OutOfMemory);
  EXPECT_EQ(pool->release(other), Released::ok);
  EXPECT_TRUE(pool->allocate(4096));
}

// A thread that was never here looks at the first word, which is all out, and must find the slice
// in the second by the summary alone.
TEST_F(Interleaving, ClaimedReleaseShowsInTheSummary) {
  auto pool = make("claimed", 2 * 8192);
  std::vector<Slice> slices;
  for (int i = 0; i < 4; ++i) slices.push_back(pool->allocate(4096));
  EXPECT_THROW(pool->allocate(4096), allocator::OutOfMemory);
  for (const Slice& slice : slices) {
    growths = 0;
    pool->release(slice);
    std::thread([&] { EXPECT_EQ(pool->allocate(4096).data(), slice.data()); }).join();
    EXPECT_EQ(growths, 0);
  }
}

// A sweep has closed the only word with free slices, a request passes by and clears its bit, and
// the region then cannot be given back: the slices must show in the summary again.
TEST_F(Interleaving, ClaimedRollBackShowsInTheSummary) {
  auto pool = make("claimed", 2 * 8192);
  std::vector<Slice> slices;
  for (int i = 0; i < 4; ++i) slices.push_back(pool->allocate(4096));
  pool->release(slices[2]);
  pool->release(slices[3]);
  growths = 0;
  std::thread passer;
  meanwhile("claimed", [&] {
    passer = std::thread([&] { EXPECT_TRUE(pool->allocate(4096)); });
    while (growths == 0) std::this_thread::yield();
  });
  memory_.fail(MemoryDouble::Call::decommit);
  EXPECT_THROW(pool->free_unused_regions(), std::system_error);
  passer.join();
  EXPECT_EQ(growths, 1);
  std::thread([&] { EXPECT_TRUE(pool->allocate(4096)); }).join();
  EXPECT_EQ(growths, 1);
  EXPECT_EQ(pool->statistics().slices_out, 4u);
  EXPECT_EQ(pool->statistics(), pool->recount());
}

TEST_F(Interleaving, ClaimedShutdownAtPushed) {
  auto pool = make("claimed");
  const Slice slice = pool->allocate(4096);
  meanwhile("pushed", [&] { pool->close(); });
  EXPECT_EQ(pool->release(slice), Released::ok);
  EXPECT_TRUE(happened());
  EXPECT_EQ(pool->statistics(), allocator::Statistics{});
  EXPECT_EQ(memory_.accessible_bytes(), 0u);
}

TEST_F(Interleaving, EveryVariantPassesThePointsOfAGrowth) {
  for (const std::string_view variant : allocator::variants()) {
    for (const char* point : {"grow", "charged", "mapped", "polled", "pushed"}) {
      auto pool = make(variant);
      bool passed = false;
      meanwhile(point, [&] { passed = true; });
      pool->release(pool->allocate(4096));
      EXPECT_TRUE(passed) << variant << " at " << point;
    }
  }
}

TEST_F(Interleaving, ClaimedPassesThePointsOfASweep) {
  auto pool = made_warm("claimed");
  bool mapped_when_claimed = false;
  meanwhile("claimed", [&] { mapped_when_claimed = memory_.accessible_bytes() == 8192; });
  EXPECT_EQ(pool->free_unused_regions(), 8192u);
  EXPECT_TRUE(mapped_when_claimed);
  EXPECT_EQ(memory_.accessible_bytes(), 0u);
}

}  // namespace
