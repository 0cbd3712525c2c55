// Caches: what they keep, how it is taken from them while they are in use, and that nothing is lost
// when threads, pools and caches end in any order.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "allocator/allocator.hpp"
#include "allocator/magazines.hpp"
#include "allocator/segment_pool.hpp"
#include "allocator/test/memory_double.hpp"

namespace {

using allocator::Cache;
using allocator::Check;
using allocator::MemoryDouble;
using allocator::Options;
using allocator::OutOfMemory;
using allocator::Released;
using allocator::Segment;
using allocator::SegmentPool;
using allocator::size_classes;
using allocator::Slice;
using allocator::Statistics;
using allocator::detail::Magazines;

TEST(Magazines, KeepWhatTheyAreGivenInOrder) {
  auto magazines = std::make_unique<Magazines>();
  std::array<std::byte, 8> slices{};
  EXPECT_FALSE(magazines->give(2, &slices[0])) << "no capacity yet";
  magazines->set_capacity(2, 3);
  EXPECT_EQ(magazines->take(2), nullptr);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(magazines->give(2, &slices[i]));
  EXPECT_FALSE(magazines->give(2, &slices[3]));
  EXPECT_FALSE(magazines->in_operation());
  EXPECT_EQ(magazines->take(2), &slices[2]);
  EXPECT_EQ(magazines->take(1), nullptr);
  std::array<std::byte*, Magazines::most_slices> taken{};
  ASSERT_TRUE(magazines->enter(Magazines::every_reason));
  EXPECT_TRUE(magazines->in_operation());
  EXPECT_EQ(magazines->take_oldest(2, 1, taken.data()), 1u);
  magazines->leave();
  EXPECT_EQ(taken[0], &slices[0]);
  magazines->ask(Magazines::frozen);
  EXPECT_EQ(magazines->take(2), nullptr);
  EXPECT_FALSE(magazines->give(2, &slices[4]));
  EXPECT_FALSE(magazines->enter(Magazines::every_reason));
  EXPECT_TRUE(magazines->enter(Magazines::guided)) << "only what is heeded";
  magazines->leave();
  EXPECT_FALSE(magazines->in_operation());
  EXPECT_EQ(magazines->empty(2, taken.data()), 1u);
  magazines->thaw();
  EXPECT_EQ(magazines->take(2), nullptr);
  EXPECT_TRUE(magazines->give(2, &slices[5]));
}

TEST(Cache, KeepsAtMostItsCapacityAndFlushes) {
  SegmentPool pool({.budget_bytes = 64 << 20, .cores = 1});
  for (const std::size_t bytes : size_classes) {
    Cache cache = pool.make_cache();
    std::vector<Segment> segments;
    for (int i = 0; i < 200; ++i) segments.push_back(cache.allocate(bytes));
    EXPECT_EQ(pool.statistics().slices_out, 200u);
    for (Segment& segment : segments) cache.release(std::move(segment));
    const std::size_t most = bytes <= 8192 ? 64 : bytes <= 32768 ? 32 : bytes == 65536 ? 16 : 8;
    EXPECT_LE(pool.statistics().cached_slices, most) << bytes;
    EXPECT_GT(pool.statistics().cached_slices, 0u) << bytes;
    EXPECT_EQ(pool.statistics(), pool.recount());
    cache.flush();
    EXPECT_EQ(pool.statistics().cached_slices, 0u);
    EXPECT_EQ(pool.statistics().slices_out, 0u);
    EXPECT_EQ(pool.verify(), "");
    pool.free_unused_regions();
    EXPECT_EQ(pool.statistics(), Statistics{});
  }
}

TEST(Cache, HidesNothingFromARequestUnderPressure) {
  SegmentPool pool({.budget_bytes = 16 * 4096, .cores = 1, .region_bytes = 16 * 4096});
  Cache cache = pool.make_cache();
  Segment one = cache.allocate(4096);
  cache.release(std::move(one));
  ASSERT_GT(pool.statistics().cached_slices, 0u);
  std::vector<Segment> all;
  for (int i = 0; i < 16; ++i) all.push_back(pool.allocate(4096));
  EXPECT_FALSE(pool.try_allocate(4096));
  all.clear();
  Cache other = pool.make_cache();
  for (int i = 0; i < 16; ++i)
    all.push_back(i % 2 == 0 ? cache.allocate(4096) : other.allocate(4096));
  EXPECT_FALSE(cache.try_allocate(4096));
  EXPECT_EQ(pool.verify(), "");
}

TEST(Cache, MayKeepNothing) {
  SegmentPool pool({.budget_bytes = 1 << 20, .cores = 1, .cached_slices = 0});
  Cache cache = pool.make_cache();
  const Slice slice = cache.allocate_slice(4096);
  EXPECT_EQ(cache.release(slice), Released::ok);
  EXPECT_EQ(cache.release(slice), Released::double_release);
  cache.release(cache.allocate(4096));
  EXPECT_EQ(pool.statistics().cached_slices, 0u);
  EXPECT_EQ(pool.activity().caches_drained, 0u);
}

TEST(Cache, TakesWhatOthersHaveHandedOut) {
  SegmentPool pool({.budget_bytes = 1 << 20, .cores = 1});
  SegmentPool other({.budget_bytes = 1 << 20, .cores = 1});
  Cache cache = pool.make_cache();
  cache.release(pool.allocate(4096));
  cache.release(other.allocate(4096));
  cache.release(Segment());
  EXPECT_EQ(pool.statistics().slices_out, 0u);
  EXPECT_EQ(other.statistics().slices_out, 0u);
  EXPECT_EQ(other.statistics().cached_slices, 0u);
}

TEST(Cache, OfTheThreadTakesItsHandlesAndEndsWithIt) {
  SegmentPool pool({.budget_bytes = 4 << 20, .cores = 1});
  std::thread([&] {
    Cache& cache = pool.thread_cache();
    EXPECT_EQ(&cache, &pool.thread_cache());
    {
      Segment segment = cache.allocate(4096);
      Segment other = pool.allocate(8192);
      EXPECT_EQ(pool.statistics().slices_out, 2u);
    }
    // Half a cache of the smaller class, and the handle that was no cache's.
    EXPECT_EQ(pool.statistics().cached_slices, 33u);
  }).join();
  EXPECT_EQ(pool.statistics().cached_slices, 0u);
  EXPECT_EQ(pool.statistics().slices_out, 0u);
  // A thread that outlives pools, one of them at the address of another.
  std::thread([] {
    for (int i = 0; i < 5; ++i) {
      SegmentPool brief({.budget_bytes = 1 << 20, .cores = 1});
      Segment segment = brief.thread_cache().allocate(4096);
      segment.data()[0] = std::byte{1};
    }
  }).join();
}

struct Stress {
  const char* name;
  Options options;
  std::size_t window;
  bool raw;
};

void PrintTo(const Stress& stress, std::ostream* out) { *out << stress.name; }

class CacheStress : public testing::TestWithParam<Stress> {};

INSTANTIATE_TEST_SUITE_P(
    Pools, CacheStress,
    testing::Values(Stress{"Handles", {.budget_bytes = 4 << 20, .region_bytes = 65536}, 24, false},
                    Stress{"Raw", {.budget_bytes = 4 << 20, .region_bytes = 65536}, 24, true},
                    Stress{"Pressure", {.budget_bytes = 1 << 20, .region_bytes = 32768}, 96, true},
                    Stress{"Exact",
                           {.budget_bytes = 4 << 20, .region_bytes = 65536, .check = Check::exact},
                           24,
                           true},
                    Stress{"Tiny",
                           {.budget_bytes = 8 * 4096, .region_bytes = 8192, .cached_slices = 2},
                           3,
                           false}),
    [](const auto& tested) { return std::string(tested.param.name); });

// Marks what it owns and looks at the mark before it gives it back; hands half of it to others.
class Worker {
 public:
  Worker(SegmentPool& pool, const Stress& stress, std::uint64_t seed)
      : pool_(pool), stress_(stress), state_(seed * 2 + 1) {}

  void run(const std::atomic<bool>& stop) {
    while (!stop.load(std::memory_order_relaxed)) {
      Cache cache = pool_.make_cache();
      for (int i = 0; i < 500; ++i) step(cache);
      while (!held_.empty()) give_back(cache);
    }
  }
  std::size_t given = 0;
  std::size_t wrong = 0;

 private:
  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }

  void step(Cache& cache) {
    if (held_.size() >= stress_.window || (!held_.empty() && next() % 2 == 0)) {
      return give_back(cache);
    }
    const std::size_t bytes = stress_.raw ? size_classes[next() % 3] : 4096;
    Segment segment = next() % 8 == 0 ? pool_.try_allocate(bytes) : cache.try_allocate(bytes);
    if (!segment) return;
    ++given;
    const auto mark = static_cast<unsigned char>(next());
    segment.data()[0] = std::byte{mark};
    segment.data()[segment.size() - 1] = std::byte{mark};
    held_.emplace_back(std::move(segment), mark);
  }

  void give_back(Cache& cache) {
    const std::size_t at = next() % held_.size();
    std::swap(held_[at], held_.back());
    Segment segment = std::move(held_.back().first);
    const std::byte mark{held_.back().second};
    held_.pop_back();
    if (segment.data()[0] != mark || segment.data()[segment.size() - 1] != mark) ++wrong;
    if (!stress_.raw) return cache.release(std::move(segment));
    const Slice slice = segment.detach();
    const Released result = next() % 8 == 0 ? pool_.release(slice) : cache.release(slice);
    if (result != Released::ok) ++wrong;
  }

  SegmentPool& pool_;
  const Stress& stress_;
  std::uint64_t state_;
  std::vector<std::pair<Segment, unsigned char>> held_;
};

// Workers whose caches come and go, and a purger in a tight loop: nobody is starved, nothing is
// lost, given twice or unmapped under its owner.
TEST_P(CacheStress, ATightPurgerTakesNothingFromAnybody) {
  SegmentPool pool(GetParam().options);
  std::vector<Worker> workers;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) workers.emplace_back(pool, GetParam(), seed);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (Worker& worker : workers) threads.emplace_back([&] { worker.run(stop); });
  threads.emplace_back([&] {
    while (!stop) pool.free_unused_regions();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  for (const Worker& worker : workers) {
    EXPECT_EQ(worker.wrong, 0u);
    EXPECT_GT(worker.given, 100u);
  }
  EXPECT_EQ(pool.statistics(), pool.recount());
  EXPECT_EQ(pool.statistics().slices_out, 0u);
  EXPECT_EQ(pool.statistics().cached_slices, 0u);
  EXPECT_EQ(pool.verify(), "");
  pool.free_unused_regions();
  EXPECT_EQ(pool.statistics(), Statistics{});
}

TEST(Cache, BehindTheCommonInterfaceOnlyOnRequest) {
  auto plain = allocator::make("claimed", {.budget_bytes = 1 << 20, .cores = 1});
  plain->make_cache()->allocate(4096);
  EXPECT_EQ(plain->statistics().cached_slices, 0u);
  auto caching =
      allocator::make("claimed", {.budget_bytes = 1 << 20, .cores = 1, .cached_slices = 4});
  auto cache = caching->make_cache();
  const Slice slice = cache->allocate(4096);
  EXPECT_EQ(caching->statistics().cached_slices, 1u);
  EXPECT_EQ(cache->release(slice), Released::ok);
  EXPECT_EQ(cache->release(slice), Released::double_release);
  EXPECT_THROW(cache->allocate(0), std::invalid_argument);
  cache.reset();
  EXPECT_EQ(caching->statistics().cached_slices, 0u);
  EXPECT_THROW(allocator::make("documented-fix")->make_cache(), std::logic_error);
}

}  // namespace
