// SegmentPool as its users meet it. The first test is the example of use.
#include "allocator/segment_pool.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "allocator/test/memory_double.hpp"

namespace {

using allocator::Cache;
using allocator::Check;
using allocator::MemoryDouble;
using allocator::OutOfMemory;
using allocator::Released;
using allocator::Segment;
using allocator::SegmentPool;
using allocator::Shortage;
using allocator::Slice;
using allocator::Statistics;
using allocator::Unmap;
using allocator::Zero;

TEST(SegmentPool, Example) {
  SegmentPool pool({.budget_bytes = 16 << 20});
  Cache cache = pool.make_cache();
  {
    Segment segment = cache.allocate(5000);
    EXPECT_EQ(segment.size(), 8192u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(segment.data()) % 8192, 0u);
    std::memset(segment.data(), 0x5a, segment.size());
    cache.release(std::move(segment));
    EXPECT_FALSE(segment);
  }
  EXPECT_EQ(pool.statistics().slices_out, 0u);
  EXPECT_GT(pool.statistics().cached_slices, 0u);
  EXPECT_EQ(pool.free_unused_regions(), std::size_t{1} << 20);
  EXPECT_EQ(pool.statistics(), Statistics{});
  EXPECT_EQ(pool.verify(), "");
}

TEST(SegmentPool, HandlesMoveAndGiveThemselvesBack) {
  static_assert(!std::is_copy_constructible_v<Segment>);
  static_assert(std::is_nothrow_move_constructible_v<Segment>);
  SegmentPool pool({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 32768});
  Segment first = pool.allocate(4096);
  std::byte* const address = first.data();
  Segment second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_EQ(first.size(), 0u);
  EXPECT_EQ(second.data(), address);
  EXPECT_EQ(second.span().size(), 4096u);
  Segment third = pool.allocate(4096);
  third = std::move(second);
  EXPECT_EQ(pool.statistics().slices_out, 1u);
  Segment& same = third;
  third = std::move(same);
  EXPECT_EQ(third.data(), address);
  third.reset();
  third.reset();
  EXPECT_EQ(pool.statistics().slices_out, 0u);
  const Slice slice = pool.allocate(4096).detach();
  EXPECT_EQ(pool.statistics().slices_out, 1u);
  EXPECT_EQ(pool.release(slice), Released::ok);
}

TEST(SegmentPool, RefusesWithTheReasonAndTheFigures) {
  SegmentPool pool({.budget_bytes = 8192, .cores = 1, .region_bytes = 8192});
  EXPECT_THROW(pool.allocate(0), std::invalid_argument);
  EXPECT_THROW(pool.allocate(262145), std::invalid_argument);
  EXPECT_FALSE(pool.try_allocate(0));
  EXPECT_FALSE(pool.try_allocate(262145));
  EXPECT_FALSE(pool.try_allocate_slice(~std::size_t{0}));
  const Segment all = pool.allocate(8192);
  EXPECT_FALSE(pool.try_allocate(4096));
  try {
    pool.allocate(4000);
    FAIL() << "over budget";
  } catch (const std::bad_alloc& caught) {
    const auto& refused = dynamic_cast<const OutOfMemory&>(caught);
    EXPECT_EQ(refused.figures().shortage, Shortage::budget);
    EXPECT_EQ(refused.figures().class_bytes, 4096u);
    EXPECT_EQ(refused.figures().budget_bytes, 8192u);
    EXPECT_EQ(refused.figures().mapped_bytes, 8192u);
    EXPECT_EQ(refused.figures().free_slices, 0u);
    EXPECT_STREQ(refused.what(),
                 "no slice of the class of 4096 bytes: the budget is used up (budget 8192 bytes, "
                 "mapped 8192, free slices of the class 0)");
  }
  EXPECT_EQ(pool.activity().requests_refused, 2u);
  pool.close();
  try {
    pool.allocate(4096);
    FAIL() << "closed";
  } catch (const OutOfMemory& refused) {
    EXPECT_EQ(refused.figures().shortage, Shortage::closed);
  }
}

TEST(SegmentPool, TellsEveryMisuseOfTheRawInterface) {
  SegmentPool pool({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 12288});
  SegmentPool other({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 12288});
  Cache cache = pool.make_cache();
  const auto both = [&](const Slice& slice, Released expected, const char* what) {
    EXPECT_EQ(pool.release(slice), expected) << what;
    EXPECT_EQ(cache.release(slice), expected) << what << ", through a cache";
  };
  const Slice slice = pool.allocate_slice(4096);
  const Slice theirs = other.allocate_slice(4096);
  int on_the_stack = 0;
  both({}, Released::foreign, "null");
  both({&on_the_stack, 4096}, Released::foreign, "stack");
  both(theirs, Released::foreign, "another pool's");
  both({slice.data() + 12288, 4096}, Released::foreign, "between two regions");
  both({slice.data() + 1, 4096}, Released::misaligned, "inside of a slice");
  both({slice.data() + (1 << 19), 4096}, Released::closed, "never mapped");
  both({slice.data() + 8192, 4096}, Released::double_release, "never handed out");
  EXPECT_EQ(pool.statistics().slices_out, 1u);
  EXPECT_EQ(pool.release(slice), Released::ok);
  both(slice, Released::double_release, "released twice");
  const Slice again = cache.allocate_slice(4096);
  EXPECT_EQ(cache.release(again), Released::ok);
  both(again, Released::double_release, "released twice, the first time through a cache");
  pool.free_unused_regions();
  both(slice, Released::closed, "its region has gone");
  EXPECT_EQ(pool.statistics(), Statistics{});
  EXPECT_EQ(other.release(theirs), Released::ok);
  EXPECT_EQ(pool.verify(), "");
}

TEST(SegmentPool, ExactTicketsTellAStaleRelease) {
  SegmentPool pool({.budget_bytes = 8192, .cores = 1, .region_bytes = 8192, .check = Check::exact});
  Cache cache = pool.make_cache();
  const Slice first = pool.allocate_slice(8192);
  EXPECT_NE(first.ticket(), 0u);
  EXPECT_EQ(pool.release(first), Released::ok);
  EXPECT_EQ(pool.release(first), Released::double_release);
  const Slice second = cache.allocate_slice(8192);
  ASSERT_EQ(second.data(), first.data());
  EXPECT_EQ(pool.release(first), Released::stale);
  EXPECT_EQ(cache.release(first), Released::stale);
  EXPECT_EQ(cache.release(second), Released::ok);
  EXPECT_EQ(pool.release(second), Released::double_release);
  EXPECT_EQ(pool.release(first), Released::stale);
  // An address without a ticket can only be told to be free.
  EXPECT_EQ(cache.release({second.data(), 8192}), Released::double_release);
  const Slice third = pool.allocate_slice(8192);
  EXPECT_EQ(pool.release({third.data(), 8192}), Released::ok);
  // A ticket outlives the region.
  pool.free_unused_regions();
  const Slice fourth = pool.allocate_slice(8192);
  ASSERT_EQ(fourth.data(), first.data());
  EXPECT_EQ(pool.release(third), Released::stale);
  EXPECT_EQ(pool.release(fourth), Released::ok);
  EXPECT_EQ(pool.verify(), "");
}

TEST(SegmentPool, ExactTicketsWithHandlesAndTwoThreads) {
  SegmentPool pool(
      {.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 65536, .check = Check::exact});
  for (int round = 0; round < 200; ++round) {
    const Slice slice = pool.allocate_slice(4096);
    std::array<Released, 2> results{};
    std::vector<std::thread> threads;
    for (Released& result : results) {
      threads.emplace_back([&] {
        Cache cache = pool.make_cache();
        Segment mine = cache.allocate(4096);
        result = cache.release(slice);
        cache.release(std::move(mine));
      });
    }
    for (std::thread& thread : threads) thread.join();
    const int accepted = (results[0] == Released::ok) + (results[1] == Released::ok);
    ASSERT_EQ(accepted, 1);
  }
  EXPECT_EQ(pool.statistics().slices_out, 0u);
  EXPECT_EQ(pool.verify(), "");
}

TEST(SegmentPool, ZeroesAsItsPolicySays) {
  for (const Zero zero : {Zero::fresh, Zero::always, Zero::on_release}) {
    SegmentPool pool({.budget_bytes = 8192, .cores = 1, .region_bytes = 8192, .zero = zero});
    Cache cache = pool.make_cache();
    for (int round = 0; round < 4; ++round) {
      const bool raw = round % 2 == 0;
      const Slice slice = raw ? pool.allocate_slice(8192) : cache.allocate_slice(8192);
      for (const std::byte byte : slice.span()) {
        if (zero == Zero::fresh && round > 0) break;
        ASSERT_EQ(byte, std::byte{0}) << static_cast<int>(zero) << " in round " << round;
      }
      std::memset(slice.data(), 0x77, slice.size());
      ASSERT_EQ(raw ? cache.release(slice) : pool.release(slice), Released::ok);
    }
  }
}

TEST(SegmentPool, DiscardedRegionsReadAsZeroAndAreMappedAgain) {
  SegmentPool pool(
      {.budget_bytes = 65536, .cores = 1, .region_bytes = 65536, .unmap = Unmap::discard});
  for (int round = 0; round < 3; ++round) {
    const Slice slice = pool.allocate_slice(65536);
    EXPECT_EQ(slice.data()[100], std::byte{0});
    std::memset(slice.data(), 1, slice.size());
    EXPECT_EQ(pool.release(slice), Released::ok);
    EXPECT_EQ(pool.free_unused_regions(), 65536u);
    EXPECT_EQ(pool.release(slice), Released::closed);
    EXPECT_EQ(pool.statistics(), Statistics{});
  }
}

TEST(SegmentPool, HugePagesAndNodesAreWishes) {
  SegmentPool pool(
      {.budget_bytes = 32 << 20, .region_bytes = 4 << 20, .huge_pages = true, .numa_node = 0});
  Segment segment = pool.allocate(4096);
  segment.data()[0] = std::byte{1};
  EXPECT_GE(pool.activity().regions_opened, 1u);
  SegmentPool nowhere({.budget_bytes = 1 << 20, .numa_node = 1023});
  Segment there = nowhere.allocate(4096);
  there.data()[4095] = std::byte{1};
  EXPECT_GE(nowhere.activity().advice_refused, 1u);
  EXPECT_THROW(SegmentPool({.numa_node = 1024}), std::invalid_argument);
  EXPECT_THROW(SegmentPool({.numa_node = -2}), std::invalid_argument);
}

TEST(SegmentPool, FreesAsMuchAsIsWanted) {
  SegmentPool pool({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 65536});
  std::vector<Segment> segments;
  for (int i = 0; i < 8; ++i) segments.push_back(pool.allocate(65536));
  segments.clear();
  EXPECT_EQ(pool.free_unused_regions(0), 0u);
  EXPECT_EQ(pool.free_unused_regions(1), 65536u);
  EXPECT_EQ(pool.free_unused_regions(65537), 2u * 65536);
  EXPECT_EQ(pool.trim(1 << 20), 0u);
  EXPECT_EQ(pool.trim(2 * 65536), 3u * 65536);
  EXPECT_EQ(pool.statistics().mapped_bytes, 2u * 65536);
  EXPECT_EQ(pool.free_unused_regions(), 2u * 65536);
  EXPECT_EQ(pool.activity().regions_opened, 8u);
  EXPECT_EQ(pool.activity().regions_closed, 8u);
}

TEST(SegmentPool, TheBudgetMayChangeWithinWhatWasReserved) {
  MemoryDouble memory;
  SegmentPool pool({.budget_bytes = 4 * 65536,
                    .cores = 1,
                    .region_bytes = 65536,
                    .memory = &memory,
                    .largest_budget_bytes = 8 * 65536});
  EXPECT_THROW(pool.set_budget(0), std::invalid_argument);
  EXPECT_THROW(pool.set_budget(8 * 65536 + 1), std::invalid_argument);
  EXPECT_THROW(SegmentPool({.budget_bytes = 2 << 20, .largest_budget_bytes = 1 << 20}),
               std::invalid_argument);
  std::vector<Segment> segments;
  for (int i = 0; i < 4; ++i) segments.push_back(pool.allocate(65536));
  EXPECT_FALSE(pool.try_allocate(65536));
  pool.set_budget(8 * 65536);
  for (int i = 0; i < 4; ++i) segments.push_back(pool.allocate(65536));
  // Below the present use: nobody loses anything, nothing new is mapped until it has come down.
  pool.set_budget(2 * 65536);
  EXPECT_EQ(pool.budget_bytes(), 2u * 65536);
  EXPECT_EQ(pool.statistics().mapped_bytes, 8u * 65536);
  EXPECT_FALSE(pool.try_allocate(4096));
  std::memset(segments[7].data(), 1, segments[7].size());
  segments.resize(3);
  EXPECT_FALSE(pool.try_allocate(4096)) << "three regions are in use, two are allowed";
  segments.resize(1);
  EXPECT_TRUE(pool.try_allocate(4096));
  EXPECT_LE(memory.accessible_bytes(), 2u * 65536);
  segments.clear();
  pool.set_budget(4096);
  EXPECT_EQ(pool.statistics().mapped_bytes, 0u);
  EXPECT_EQ(pool.verify(), "");
}

TEST(SegmentPool, WaitsForMemoryAsLongAsItIsTold) {
  using namespace std::chrono_literals;
  SegmentPool pool({.budget_bytes = 65536, .cores = 1, .region_bytes = 65536});
  Segment all = pool.allocate(65536);
  EXPECT_THROW(pool.allocate_for(65536, 2ms), OutOfMemory);
  EXPECT_THROW(pool.allocate_for(65536, -1s), OutOfMemory);
  EXPECT_THROW(pool.allocate_for(0, 1s), std::invalid_argument);
  std::atomic<bool> asked{false};
  std::thread owner([&] {
    while (!asked) std::this_thread::yield();
    all.reset();
  });
  Segment got = pool.allocate_for(65536, std::chrono::nanoseconds::max(), [&](std::size_t bytes) {
    EXPECT_EQ(bytes, 65536u);
    asked = true;
    return false;
  });
  EXPECT_TRUE(got);
  owner.join();
  EXPECT_THROW(pool.allocate_for(65536, 0ns), OutOfMemory);
}

TEST(SegmentPool, ThePressureCallbackMayDoAnythingToThePool) {
  using namespace std::chrono_literals;
  SegmentPool pool({.budget_bytes = 2 * 65536, .cores = 1, .region_bytes = 65536});
  std::vector<Segment> held;
  held.push_back(pool.allocate(65536));
  held.push_back(pool.allocate(4096));
  int calls = 0;
  Segment got = pool.allocate_for(65536, 10s, [&](std::size_t) {
    ++calls;
    EXPECT_TRUE(pool.try_allocate(4096));
    EXPECT_THROW(pool.allocate_for(65536, 0ns), OutOfMemory);
    pool.free_unused_regions();
    static_cast<void>(pool.recount());
    Cache cache = pool.make_cache();
    cache.release(std::move(held.front()));
    held.erase(held.begin());
    return true;
  });
  EXPECT_TRUE(got);
  EXPECT_EQ(calls, 1);
  struct Tired {};
  EXPECT_THROW(pool.allocate_for(65536, 10s, [](std::size_t) -> bool { throw Tired(); }), Tired);
  bool closed = false;
  EXPECT_THROW(pool.allocate_for(65536, 10s,
                                 [&](std::size_t) {
                                   pool.close();
                                   return closed = true;
                                 }),
               OutOfMemory);
  EXPECT_TRUE(closed);
  EXPECT_EQ(pool.verify(), "");
}

TEST(SegmentPool, AClosedPoolServesNobodyButTakesEverythingBack) {
  MemoryDouble memory;
  SegmentPool pool({.budget_bytes = 1 << 20, .region_bytes = 65536, .memory = &memory});
  Cache cache = pool.make_cache();
  Segment kept = cache.allocate(4096);
  Segment other = cache.allocate(65536);
  pool.close();
  pool.close();
  EXPECT_THROW(cache.allocate(4096), OutOfMemory);
  EXPECT_FALSE(cache.try_allocate(4096));
  EXPECT_THROW(pool.allocate(4096), OutOfMemory);
  Cache late = pool.make_cache();
  EXPECT_FALSE(late.try_allocate(4096));
  std::memset(kept.data(), 1, kept.size());
  cache.release(std::move(kept));
  EXPECT_EQ(pool.statistics().mapped_bytes, 65536u);
  late.release(std::move(other));
  EXPECT_EQ(pool.statistics(), Statistics{});
  EXPECT_EQ(memory.accessible_bytes(), 0u);
  EXPECT_EQ(pool.verify(), "");
}

TEST(SegmentPool, HandlesAndCachesOutliveTheirPool) {
  MemoryDouble memory;
  Segment handle;
  std::optional<Cache> cache;
  {
    SegmentPool pool({.budget_bytes = 1 << 20, .region_bytes = 65536, .memory = &memory});
    cache.emplace(pool.make_cache());
    handle = cache->allocate(65536);
    Segment cached = cache->allocate(4096);
    cache->release(std::move(cached));
  }
  std::memset(handle.data(), 1, handle.size());
  EXPECT_EQ(memory.accessible_bytes(), 65536u);
  EXPECT_THROW(cache->allocate(4096), OutOfMemory);
  handle.reset();
  EXPECT_EQ(memory.accessible_bytes(), 0u);
  EXPECT_EQ(memory.calls(MemoryDouble::Call::release), 0u) << "the cache is still there";
  cache.reset();
  EXPECT_EQ(memory.calls(MemoryDouble::Call::release), 1u);
}

TEST(SegmentPool, TheLastOfManyHandlesTakesTheMemoryWithIt) {
  for (int round = 0; round < 30; ++round) {
    MemoryDouble memory;
    std::vector<Segment> segments;
    {
      // One region of several words, so that two threads may bring the last slice of a word each.
      SegmentPool pool({.budget_bytes = 1 << 20, .region_bytes = 1 << 20, .memory = &memory});
      for (int i = 0; i < 96; ++i) segments.push_back(pool.allocate(4096));
    }
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 3; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = t * 32; i < (t + 1) * 32; ++i) {
          segments[i].data()[0] = std::byte{1};
          segments[i].reset();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(memory.accessible_bytes(), 0u);
    EXPECT_EQ(memory.calls(MemoryDouble::Call::release), 1u);
    EXPECT_EQ(memory.repeated_unmappings(), 0u);
  }
}

TEST(SegmentPool, NamesOfShortages) {
  EXPECT_EQ(name_of(Shortage::budget), "budget");
  EXPECT_EQ(name_of(Shortage::address_space), "address space");
  EXPECT_EQ(name_of(Shortage::system_memory), "system memory");
  EXPECT_EQ(name_of(Shortage::closed), "closed");
  EXPECT_EQ(name_of(Released::stale), "stale");
}

}  // namespace
