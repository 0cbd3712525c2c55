// What only `claimed` promises: misuse is told apart and has no effect, memory really goes, a
// closed pool waits for its slices, and all of it with real threads at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <limits>
#include <ostream>
#include <thread>
#include <vector>

#include "allocator/allocator.hpp"
#include "allocator/test/memory_double.hpp"

namespace {

using allocator::MemoryDouble;
using allocator::Options;
using allocator::OutOfMemory;
using allocator::Pool;
using allocator::Released;
using allocator::size_classes;
using allocator::Slice;
using allocator::Statistics;

std::unique_ptr<Pool> make(Options options) { return allocator::make("claimed", options); }

TEST(Claimed, TellsMisuseApartWithoutEffect) {
  auto pool = make({.budget_bytes = 2 << 20, .cores = 1, .region_bytes = 12288});
  const Slice slice = pool->allocate(4096);
  const Slice other = pool->allocate(4096);
  const Statistics before = pool->statistics();
  EXPECT_EQ(pool->release({slice.data() + 1, 4096}), Released::misaligned);
  EXPECT_EQ(pool->release({slice.data() + 2048, 2048}), Released::misaligned);
  EXPECT_EQ(pool->release({slice.data() + 12288, 4096}), Released::foreign);  // between two regions
  EXPECT_EQ(pool->release({slice.data() + 8192, 4096}), Released::double_release);  // never out
  EXPECT_EQ(pool->release({slice.data() + (1 << 20), 4096}), Released::closed);
  EXPECT_EQ(pool->release({slice.data() - 4096, 4096}), Released::foreign);
  EXPECT_EQ(pool->statistics(), before);
  EXPECT_EQ(pool->release(slice), Released::ok);
  EXPECT_EQ(pool->release(slice), Released::double_release);
  EXPECT_EQ(pool->release(other), Released::ok);
  EXPECT_EQ(pool->free_unused_regions(), 3u * 12288);
  EXPECT_EQ(pool->release(slice), Released::closed);
  EXPECT_EQ(pool->statistics(), Statistics{});
}

TEST(Claimed, SlicesAreAlignedToTheirSize) {
  for (const std::size_t region : {std::size_t{0}, std::size_t{20480}}) {
    auto pool = make({.budget_bytes = 64 << 20, .cores = 1, .region_bytes = region});
    for (const std::size_t bytes : size_classes) {
      for (int i = 0; i < 5; ++i) {
        const Slice slice = pool->allocate(bytes);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(slice.data()) % bytes, 0u) << bytes;
      }
    }
  }
}

TEST(Claimed, MemoryThatWasFreedFaults) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto pool = make({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 8192});
  const Slice slice = pool->allocate(4096);
  slice.data()[0] = std::byte{1};
  pool->release(slice);
  EXPECT_GT(pool->free_unused_regions(), 0u);
  EXPECT_DEATH(*const_cast<volatile std::byte*>(slice.data()) = std::byte{2}, "");
}

TEST(Claimed, LowRegionsAreMappedAgainFirst) {
  auto pool = make({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 32768});
  std::vector<Slice> slices;
  for (int i = 0; i < 32; ++i) slices.push_back(pool->allocate(4096));
  std::sort(slices.begin(), slices.end(),
            [](const Slice& a, const Slice& b) { return a.data() < b.data(); });
  for (int i = 8; i < 16; ++i) pool->release(slices[static_cast<std::size_t>(i)]);
  EXPECT_EQ(pool->free_unused_regions(), 32768u);
  const Slice again = pool->allocate(4096);
  EXPECT_GE(again.data(), slices[8].data());
  EXPECT_LE(again.data(), slices[15].data());
  EXPECT_EQ(pool->statistics(), pool->recount());
}

// 2048 slices in 64 words: one slice out anywhere keeps the region, and the words that a sweep had
// claimed before it found out are handed out again.
TEST(Claimed, OneSliceKeepsALargeRegion) {
  auto pool = make({.budget_bytes = 8 << 20, .cores = 1, .region_bytes = 8 << 20});
  std::vector<Slice> slices;
  for (int i = 0; i < 2048; ++i) slices.push_back(pool->allocate(4096));
  EXPECT_THROW(pool->allocate(4096), OutOfMemory);
  for (const std::size_t keep :
       {std::size_t{0}, std::size_t{31}, std::size_t{1000}, std::size_t{2047}}) {
    for (std::size_t i = 0; i < slices.size(); ++i) {
      if (i == keep) continue;
      ASSERT_EQ(pool->release(slices[i]), Released::ok);
    }
    EXPECT_EQ(pool->free_unused_regions(), 0u);
    EXPECT_EQ(pool->statistics().free_slices[0], 2047u);
    EXPECT_EQ(pool->statistics(), pool->recount());
    const Slice kept = slices[keep];
    slices.assign(1, kept);
    for (int i = 0; i < 2047; ++i) slices.push_back(pool->allocate(4096));
    EXPECT_THROW(pool->allocate(4096), OutOfMemory);
    std::sort(slices.begin(), slices.end(),
              [](const Slice& a, const Slice& b) { return a.data() < b.data(); });
    for (std::size_t i = 1; i < slices.size(); ++i) {
      ASSERT_EQ(slices[i].data() - slices[i - 1].data(), 4096);
    }
  }
  for (const Slice& slice : slices) pool->release(slice);
  EXPECT_EQ(pool->free_unused_regions(), std::size_t{8} << 20);
}

TEST(Claimed, ReclaimsOnlyAsMuchAsIsNeeded) {
  auto pool = make({.budget_bytes = 8 * 65536, .cores = 1, .region_bytes = 65536});
  std::vector<Slice> slices;
  for (int i = 0; i < 8; ++i) slices.push_back(pool->allocate(65536));
  for (const Slice& slice : slices) pool->release(slice);
  const Slice small = pool->allocate(4096);
  EXPECT_EQ(pool->statistics().free_slices[4], 7u);
  EXPECT_EQ(pool->statistics().mapped_bytes, std::size_t{8} * 65536);
  pool->release(small);
}

TEST(Claimed, AClosedPoolWaitsForItsSlices) {
  MemoryDouble memory;
  auto pool =
      make({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 262144, .memory = &memory});
  std::vector<Slice> slices;
  for (int i = 0; i < 64; ++i) slices.push_back(pool->allocate(4096));  // two words of one region
  const Slice large = pool->allocate(262144);
  std::memset(large.data(), 0x11, large.size());
  pool->close();
  EXPECT_EQ(pool->statistics().mapped_bytes, 2u * 262144);
  EXPECT_THROW(pool->allocate(4096), OutOfMemory);
  EXPECT_THROW(pool->allocate(65536), OutOfMemory);
  for (std::size_t i = 0; i < slices.size(); ++i) {
    ASSERT_TRUE(memory.accessible(slices[i].data()));
    std::memset(slices[i].data(), 0x22, slices[i].size());
    EXPECT_EQ(pool->free_unused_regions(), 0u);
    EXPECT_EQ(pool->release(slices[i]), Released::ok);
    EXPECT_THROW(pool->allocate(4096), OutOfMemory);
    EXPECT_EQ(pool->statistics(), pool->recount());
  }
  EXPECT_EQ(pool->statistics().mapped_bytes, 262144u);
  EXPECT_EQ(pool->release(slices[5]), Released::closed);
  EXPECT_EQ(large.data()[262143], std::byte{0x11});
  EXPECT_EQ(pool->release(large), Released::ok);
  EXPECT_EQ(pool->statistics(), Statistics{});
  EXPECT_EQ(memory.accessible_bytes(), 0u);
  EXPECT_EQ(memory.repeated_unmappings(), 0u);
}

TEST(Claimed, HugeAndTinyBudgets) {
  auto huge = make({.budget_bytes = std::numeric_limits<std::size_t>::max(), .cores = 1});
  for (const std::size_t bytes : size_classes) {
    const Slice slice = huge->allocate(bytes);
    slice.data()[bytes - 1] = std::byte{1};
    EXPECT_EQ(huge->release(slice), Released::ok);
  }
  EXPECT_GT(huge->free_unused_regions(), 0u);
  auto tiny = make({.budget_bytes = 4096, .cores = 1, .region_bytes = 4096});
  const Slice slice = tiny->allocate(4096);
  EXPECT_THROW(tiny->allocate(4096), OutOfMemory);
  EXPECT_THROW(tiny->allocate(8192), OutOfMemory);
  EXPECT_EQ(tiny->release(slice), Released::ok);
  auto none = make({.budget_bytes = 1});
  EXPECT_THROW(none->allocate(1), OutOfMemory);
  EXPECT_EQ(none->release(slice), Released::foreign);
}

TEST(Claimed, PoolsDoNotMixUpTheirThreadsHints) {
  std::vector<std::unique_ptr<Pool>> pools;
  for (int i = 0; i < 9; ++i) {
    pools.push_back(make({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 8192}));
  }
  std::vector<std::vector<Slice>> slices(pools.size());
  for (int round = 0; round < 100; ++round) {
    for (std::size_t i = 0; i < pools.size(); ++i) {
      slices[i].push_back(pools[i]->allocate(4096));
    }
  }
  for (std::size_t i = 0; i < pools.size(); ++i) {
    EXPECT_EQ(pools[i]->statistics().slices_out, 100u);
    for (const Slice& slice : slices[i]) ASSERT_EQ(pools[i]->release(slice), Released::ok);
    pools[i].reset();
    pools[i] = make({.budget_bytes = 8192, .cores = 1, .region_bytes = 8192});
    EXPECT_TRUE(pools[i]->allocate(4096));
  }
}

TEST(Claimed, OneOfTwoReleasesAtOnceIsRefused) {
  auto pool = make({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 8192});
  for (int round = 0; round < 500; ++round) {
    const Slice slice = pool->allocate(4096);
    std::atomic<int> ready{0};
    std::array<Released, 2> results{};
    std::vector<std::thread> threads;
    for (Released& result : results) {
      threads.emplace_back([&] {
        ++ready;
        while (ready != 2) std::this_thread::yield();
        result = pool->release(slice);
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(std::count(results.begin(), results.end(), Released::ok), 1);
    ASSERT_EQ(std::count(results.begin(), results.end(), Released::double_release), 1);
  }
  EXPECT_EQ(pool->statistics().slices_out, 0u);
}

// A worker with a window of live slices: each is filled with a mark of its own and checked before
// it is given back. Its numbers come from its seed alone.
class Worker {
 public:
  Worker(Pool& pool, std::uint64_t seed, std::size_t window, bool every_class)
      : pool_(pool), state_(seed * 2 + 1), every_class_(every_class), window_(window) {}

  void run(const std::atomic<bool>& stop) {
    while (!stop.load(std::memory_order_relaxed)) step();
    for (Held& held : window_) put_back(held);
  }
  std::size_t refused() const { return refused_; }
  std::size_t given() const { return given_; }
  std::size_t wrong() const { return wrong_; }

 private:
  struct Held {
    Slice slice;
    unsigned char mark = 0;
  };

  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }

  void step() {
    Held& held = window_[next() % window_.size()];
    if (held.slice) {
      put_back(held);
      return;
    }
    const std::size_t size_class = every_class_ ? next() % size_classes.size() : 0;
    try {
      held.slice = pool_.allocate(size_classes[size_class]);
    } catch (const OutOfMemory&) {
      ++refused_;
      return;
    }
    ++given_;
    held.mark = static_cast<unsigned char>(next());
    for (const std::size_t at : touched(held.slice)) held.slice.data()[at] = std::byte{held.mark};
  }

  void put_back(Held& held) {
    if (!held.slice) return;
    for (const std::size_t at : touched(held.slice)) {
      if (held.slice.data()[at] != std::byte{held.mark}) ++wrong_;
    }
    if (pool_.release(held.slice) != Released::ok) ++wrong_;
    held.slice = {};
  }

  static std::array<std::size_t, 4> touched(const Slice& slice) {
    return {0, 63, slice.size() / 2, slice.size() - 1};
  }

  Pool& pool_;
  std::uint64_t state_;
  bool every_class_;
  std::vector<Held> window_;
  std::size_t refused_ = 0;
  std::size_t given_ = 0;
  std::size_t wrong_ = 0;
};

struct Stress {
  const char* name;
  Options options;
  std::size_t window;  // of slices that each of four workers would hold
  bool every_class;
  // Through a MemoryDouble; its lock would hide a race of the pool's own from ThreadSanitizer, so
  // some go without.
  bool watched;
};

void PrintTo(const Stress& stress, std::ostream* out) { *out << stress.name; }

class ClaimedStress : public testing::TestWithParam<Stress> {};

INSTANTIATE_TEST_SUITE_P(
    Pools, ClaimedStress,
    testing::Values(Stress{"OneSliceRegions", {4 * 4096, 1, 4096}, 2, false, true},
                    Stress{"TwoSliceRegions", {64 * 4096, 1, 8192}, 24, false, true},
                    Stress{"ManyWordRegions", {2 << 20, 1, 1 << 20}, 160, false, true},
                    Stress{"EveryClassUnderPressure", {4 << 20, 1, 262144}, 24, true, true},
                    Stress{"Unwatched", {32 * 4096, 1, 8192}, 12, false, false},
                    Stress{"UnwatchedUnderPressure", {4 << 20, 1, 262144}, 24, true, false},
                    Stress{"EveryClassAtEase", {std::size_t{256} << 20, 0, 0}, 24, true, false}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(ClaimedStress, ContentsCountsAndBudgetHold) {
  MemoryDouble memory;
  Options options = GetParam().options;
  if (GetParam().watched) options.memory = &memory;
  auto pool = make(options);
  std::vector<Worker> workers;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    workers.emplace_back(*pool, seed, GetParam().window, GetParam().every_class);
  }
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (Worker& worker : workers) threads.emplace_back([&] { worker.run(stop); });
  threads.emplace_back([&] {
    while (!stop) {
      pool->free_unused_regions();
      static_cast<void>(pool->recount());
      static_cast<void>(pool->statistics());
      std::this_thread::yield();
    }
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  for (const Worker& worker : workers) {
    EXPECT_EQ(worker.wrong(), 0u);
    EXPECT_GT(worker.given(), 0u);
  }
  EXPECT_EQ(pool->statistics(), pool->recount());
  EXPECT_EQ(pool->statistics().slices_out, 0u);
  pool->free_unused_regions();
  EXPECT_EQ(pool->statistics(), Statistics{});
  EXPECT_EQ(memory.accessible_bytes(), 0u);
  EXPECT_LE(memory.most_accessible_bytes(), options.budget_bytes);
  EXPECT_EQ(memory.repeated_unmappings(), 0u);
}

// As many threads as slices, each with at most one out: nobody may ever be refused, whatever sweeps
// do.
TEST(Claimed, NobodyIsRefusedWhileSlicesExist) {
  for (const std::size_t region : {std::size_t{4096}, std::size_t{16384}, std::size_t{262144}}) {
    const std::size_t slices = region == 262144 ? 64 : 4;
    auto pool = make({.budget_bytes = slices * 4096, .cores = 1, .region_bytes = region});
    std::vector<Slice> spare;
    for (std::size_t i = 4; i < slices; ++i) spare.push_back(pool->allocate(4096));
    std::atomic<bool> stop{false};
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        while (!stop) {
          try {
            const Slice slice = pool->allocate(4096);
            slice.data()[0] = std::byte{1};
            pool->release(slice);
          } catch (const OutOfMemory&) {
            ++refused;
          }
        }
      });
    }
    threads.emplace_back([&] {
      while (!stop) pool->free_unused_regions();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    stop = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(refused, 0) << region;
  }
}

TEST(Claimed, ClosingWhileThreadsWork) {
  for (int round = 0; round < 40; ++round) {
    MemoryDouble memory;
    auto pool =
        make({.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 262144, .memory = &memory});
    std::atomic<bool> stop{false};
    std::atomic<int> working{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        std::vector<Slice> out;
        try {
          for (;;) {
            out.push_back(pool->allocate(4096));
            out.back().data()[0] = std::byte{1};
            if (out.size() == 40) {
              for (const Slice& slice : out) EXPECT_EQ(pool->release(slice), Released::ok);
              out.clear();
              ++working;
            }
          }
        } catch (const OutOfMemory&) {
        }
        for (const Slice& slice : out) {
          slice.data()[4095] = std::byte{2};
          EXPECT_EQ(pool->release(slice), Released::ok);
        }
      });
    }
    threads.emplace_back([&] {
      while (!stop) pool->free_unused_regions();
    });
    while (working < 3) std::this_thread::yield();
    pool->close();
    EXPECT_THROW(pool->allocate(4096), OutOfMemory);
    for (int i = 0; i < 3; ++i) threads[static_cast<std::size_t>(i)].join();
    stop = true;
    threads.back().join();
    EXPECT_EQ(pool->statistics(), Statistics{});
    EXPECT_EQ(pool->recount(), Statistics{});
    EXPECT_EQ(memory.accessible_bytes(), 0u);
    EXPECT_EQ(memory.repeated_unmappings(), 0u);
  }
}

}  // namespace
