// What every variant must do, asked through the common interface. The first test is the example of
// use. The historical variants are asked nothing here that runs into their defect.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
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

TEST(Example, AllocateUseRelease) {
  auto pool = allocator::make("claimed", {.budget_bytes = 16 << 20});
  Slice slice = pool->allocate(5000);
  EXPECT_EQ(slice.size(), 8192u);
  std::memset(slice.data(), 0x5a, slice.size());
  EXPECT_EQ(pool->release(slice), Released::ok);
  EXPECT_EQ(pool->free_unused_regions(), std::size_t{1} << 20);
  EXPECT_EQ(pool->statistics(), Statistics{});
}

std::string test_name(const testing::TestParamInfo<std::string_view>& info) {
  std::string name(info.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class EveryVariant : public testing::TestWithParam<std::string_view> {
 protected:
  static bool unmaps() { return GetParam() != "madvise-reuse"; }
  // Any release there unmaps the region, under whatever else is out.
  static bool one_slice_at_a_time() { return GetParam() == "shared-arena"; }
  // A release moves the count past the total, after which the region never looks unused again.
  static bool forgets_to_free() { return GetParam() == "uncounted-alloc"; }
  static void expect_accounts(const Pool& pool) { EXPECT_EQ(pool.statistics(), pool.recount()); }

  MemoryDouble memory_;
};

INSTANTIATE_TEST_SUITE_P(Pools, EveryVariant, testing::ValuesIn(allocator::variants()), test_name);

TEST_P(EveryVariant, RoundsUpToTheClass) {
  auto pool = allocator::make(GetParam(), {.budget_bytes = 64 << 20, .cores = 1});
  std::size_t below = 0;
  for (const std::size_t bytes : size_classes) {
    for (const std::size_t asked : {below + 1, bytes - 1, bytes}) {
      const Slice slice = pool->allocate(asked);
      EXPECT_EQ(slice.size(), bytes) << "asked for " << asked;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(slice.data()) % 4096, 0u);
      slice.data()[0] = std::byte{1};
      slice.data()[bytes - 1] = std::byte{2};
      EXPECT_EQ(pool->release(slice), Released::ok);
    }
    below = bytes;
  }
}

TEST_P(EveryVariant, RefusesImpossibleSizes) {
  auto pool = allocator::make(GetParam(), {.budget_bytes = 1 << 20});
  EXPECT_THROW(pool->allocate(0), std::invalid_argument);
  EXPECT_THROW(pool->allocate(262145), std::invalid_argument);
  EXPECT_THROW(pool->allocate(std::numeric_limits<std::size_t>::max()), std::invalid_argument);
  EXPECT_EQ(pool->statistics(), Statistics{});
}

TEST_P(EveryVariant, RefusesImpossibleOptions) {
  EXPECT_THROW(allocator::make(GetParam(), {.budget_bytes = 0}), std::invalid_argument);
  EXPECT_THROW(allocator::make(GetParam(), {.cores = 1u << 20}), std::invalid_argument);
  EXPECT_THROW(allocator::make(GetParam(), {.region_bytes = 4097}), std::invalid_argument);
  EXPECT_THROW(allocator::make(GetParam(), {.region_bytes = 16u << 20}), std::invalid_argument);
}

TEST_P(EveryVariant, RegionsHaveTheSizeOfTheGeneration) {
  const bool first = GetParam() == "shared-arena" || GetParam() == "uncounted-alloc";
  for (const std::size_t bytes : size_classes) {
    auto pool = allocator::make(GetParam(), {.budget_bytes = 64 << 20, .cores = 1});
    const Slice slice = pool->allocate(bytes);
    const std::size_t later = std::clamp<std::size_t>(32 * bytes, 1 << 20, 8 << 20);
    const std::size_t region = first ? std::size_t{1} << 20 : later;
    const std::size_t slices = region / bytes;
    const std::size_t regions = (8 + slices - 1) / slices;
    EXPECT_EQ(pool->statistics().regions, regions) << bytes;
    EXPECT_EQ(pool->statistics().mapped_bytes, regions * region) << bytes;
    pool->release(slice);
  }
}

TEST_P(EveryVariant, GrowthMapsTwiceTheCoresInSlices) {
  auto pool =
      allocator::make(GetParam(), {.budget_bytes = 64 << 20, .cores = 20, .region_bytes = 16384});
  static_cast<void>(pool->allocate(4096));
  EXPECT_EQ(pool->statistics().regions, 10u);
  EXPECT_EQ(pool->statistics().free_slices[0], 39u);
  EXPECT_EQ(pool->statistics().slices_out, 1u);
  expect_accounts(*pool);
}

TEST_P(EveryVariant, RegionBytesAreRoundedUpToWholeSlices) {
  for (const std::size_t region : {std::size_t{4096}, std::size_t{12288}, std::size_t{40960}}) {
    for (const std::size_t bytes : size_classes) {
      auto pool = allocator::make(GetParam(),
                                  {.budget_bytes = 8 << 20, .cores = 1, .region_bytes = region});
      const Slice slice = pool->allocate(bytes);
      std::memset(slice.data(), 1, slice.size());
      const Statistics said = pool->statistics();
      EXPECT_EQ(said.mapped_bytes, said.regions * ((region + bytes - 1) / bytes * bytes));
      expect_accounts(*pool);
      EXPECT_EQ(pool->release(slice), Released::ok);
    }
  }
}

TEST_P(EveryVariant, HandsOutDistinctSlicesUntilTheBudgetIsUsedUp) {
  // Odd regions of three slices; the budget is short of a fifth one by a single slice.
  const std::size_t budget = 5 * 12288 - 4096;
  auto pool = allocator::make(
      GetParam(), {.budget_bytes = budget, .cores = 1, .region_bytes = 12288, .memory = &memory_});
  std::vector<Slice> slices;
  for (int i = 0; i < 12; ++i) slices.push_back(pool->allocate(4096));
  for (std::size_t i = 0; i < slices.size(); ++i) {
    std::memset(slices[i].data(), static_cast<int>(i + 1), slices[i].size());
  }
  for (std::size_t i = 0; i < slices.size(); ++i) {
    for (const std::byte byte : slices[i].span()) ASSERT_EQ(byte, std::byte(i + 1));
  }
  std::set<const std::byte*> distinct;
  for (const Slice& slice : slices) distinct.insert(slice.data());
  EXPECT_EQ(distinct.size(), 12u);
  EXPECT_EQ(pool->statistics().slices_out, 12u);
  expect_accounts(*pool);
  EXPECT_LE(memory_.most_accessible_bytes(), budget);
}

TEST_P(EveryVariant, OutOfMemorySaysWhy) {
  auto pool = allocator::make(GetParam(), {.budget_bytes = 3 << 20});
  if (!forgets_to_free() && !one_slice_at_a_time()) {
    std::vector<Slice> out;
    try {
      for (;;) out.push_back(pool->allocate(65536));
    } catch (const OutOfMemory& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find("65536"), std::string::npos) << text;
      EXPECT_NE(text.find("budget is used up"), std::string::npos) << text;
      EXPECT_NE(text.find("budget 3145728 bytes, mapped 2097152"), std::string::npos) << text;
      EXPECT_NE(text.find("free slices of the class 0"), std::string::npos) << text;
    }
    EXPECT_EQ(out.size(), 32u);
    EXPECT_EQ(pool->release(out.back()), Released::ok);
    EXPECT_EQ(pool->allocate(65536).data(), out.back().data());
    expect_accounts(*pool);
  }
  auto small = allocator::make(GetParam(), {.budget_bytes = 4096});
  try {
    small->allocate(1);
    FAIL() << "a region larger than the budget was mapped";
  } catch (const OutOfMemory& error) {
    EXPECT_NE(std::string(error.what()).find("smaller than one region"), std::string::npos);
    const OutOfMemory copy = error;
    EXPECT_STREQ(copy.what(), error.what());
  }
}

TEST_P(EveryVariant, SlicesAreUsedAgain) {
  auto pool = allocator::make(GetParam(), {.budget_bytes = 8192, .cores = 1, .region_bytes = 8192});
  for (int i = 0; i < 1000; ++i) {
    const Slice slice = pool->allocate(4096);
    std::memset(slice.data(), i, slice.size());
    ASSERT_EQ(pool->release(slice), Released::ok);
  }
  EXPECT_LE(pool->statistics().mapped_bytes, 8192u);
  expect_accounts(*pool);
}

TEST_P(EveryVariant, FreeUnusedRegionsTakesTheMemoryAway) {
  auto pool = allocator::make(
      GetParam(), {.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 32768, .memory = &memory_});
  const Slice slice = pool->allocate(4096);
  std::memset(slice.data(), 0x5a, slice.size());
  pool->release(slice);
  const std::size_t freed = pool->free_unused_regions();
  expect_accounts(*pool);
  if (one_slice_at_a_time()) {
    EXPECT_EQ(freed, 0u);  // the release has freed it already
  }
  if (forgets_to_free()) {
    EXPECT_EQ(freed, 0u);
    return;
  }
  EXPECT_EQ(pool->statistics().free_slices[0], 0u);
  if (unmaps()) {
    EXPECT_FALSE(memory_.accessible(slice.data()));
    EXPECT_EQ(memory_.accessible_bytes(), 0u);
    EXPECT_EQ(pool->statistics(), Statistics{});
  } else {
    EXPECT_EQ(freed, 32768u);
    EXPECT_EQ(slice.data()[0], std::byte{0});
    EXPECT_EQ(pool->statistics().mapped_bytes, 32768u);
  }
  const Slice again = pool->allocate(4096);
  for (const std::byte byte : again.span()) ASSERT_EQ(byte, std::byte{0});
  pool->release(again);
  expect_accounts(*pool);
}

TEST_P(EveryVariant, FreeUnusedRegionsSparesRegionsInUse) {
  if (one_slice_at_a_time() || forgets_to_free()) {
    GTEST_SKIP() << "sparing them is what this generation does not do";
  }
  auto pool = allocator::make(
      GetParam(), {.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 8192, .memory = &memory_});
  std::vector<Slice> slices;
  for (int i = 0; i < 8; ++i) slices.push_back(pool->allocate(4096));
  std::memset(slices[0].data(), 0x5a, 4096);
  for (int i = 1; i < 8; ++i) pool->release(slices[static_cast<std::size_t>(i)]);
  EXPECT_EQ(pool->free_unused_regions(), 3u * 8192);
  EXPECT_EQ(slices[0].data()[4095], std::byte{0x5a});
  EXPECT_EQ(pool->statistics().slices_out, 1u);
  EXPECT_EQ(pool->statistics().free_slices[0], 1u);
  expect_accounts(*pool);
}

TEST_P(EveryVariant, PressureFreesRegionsOfOtherClasses) {
  if (!unmaps() || forgets_to_free()) GTEST_SKIP() << "regions stay mapped in this generation";
  auto pool = allocator::make(
      GetParam(), {.budget_bytes = 65536, .cores = 1, .region_bytes = 32768, .memory = &memory_});
  for (int round = 0; round < 10; ++round) {
    for (const std::size_t bytes : {4096u, 16384u, 65536u, 32768u}) {
      const Slice slice = pool->allocate(bytes);
      std::memset(slice.data(), round, slice.size());
      ASSERT_EQ(pool->release(slice), Released::ok);
    }
  }
  EXPECT_LE(memory_.most_accessible_bytes(), 65536u);
  expect_accounts(*pool);
}

TEST_P(EveryVariant, RefusesForeignPointers) {
  auto pool = allocator::make(GetParam(), {.budget_bytes = 1 << 20, .cores = 1});
  const Slice slice = pool->allocate(4096);
  const Statistics before = pool->statistics();
  std::vector<std::byte> heap(4096);
  std::byte stack{};
  EXPECT_EQ(pool->release({heap.data(), 4096}), Released::foreign);
  EXPECT_EQ(pool->release({&stack, 1}), Released::foreign);
  EXPECT_EQ(pool->release({}), Released::foreign);
  EXPECT_EQ(pool->release({reinterpret_cast<void*>(~std::uintptr_t{0}), 1}), Released::foreign);
  EXPECT_EQ(pool->statistics(), before);
  auto other = allocator::make(GetParam(), {.budget_bytes = 1 << 20, .cores = 1});
  EXPECT_EQ(other->release(slice), Released::foreign);
  EXPECT_EQ(pool->release(slice), Released::ok);
}

TEST_P(EveryVariant, AClosedPoolRefusesRequests) {
  auto pool = allocator::make(
      GetParam(), {.budget_bytes = 1 << 20, .cores = 1, .region_bytes = 8192, .memory = &memory_});
  pool->release(pool->allocate(4096));
  pool->close();
  EXPECT_EQ(pool->statistics(), Statistics{});
  EXPECT_EQ(memory_.accessible_bytes(), 0u);
  try {
    pool->allocate(4096);
    FAIL() << "a closed pool handed out a slice";
  } catch (const OutOfMemory& error) {
    EXPECT_NE(std::string(error.what()).find("closed"), std::string::npos) << error.what();
  }
  EXPECT_THROW(pool->allocate(0), std::invalid_argument);
  pool->close();
  EXPECT_EQ(pool->free_unused_regions(), 0u);
  expect_accounts(*pool);
}

TEST_P(EveryVariant, ClosingAPoolThatWasNeverUsedIsNothing) {
  auto pool = allocator::make(GetParam());
  pool->close();
  EXPECT_EQ(pool->statistics(), Statistics{});
  EXPECT_EQ(pool->budget_bytes(), std::size_t{256} << 20);
}

TEST_P(EveryVariant, DestructionUnmapsWhatIsOut) {
  {
    auto pool = allocator::make(GetParam(), {.budget_bytes = 1 << 20, .memory = &memory_});
    static_cast<void>(pool->allocate(4096));
    EXPECT_GT(memory_.accessible_bytes(), 0u);
  }
  EXPECT_EQ(memory_.accessible_bytes(), 0u);
}

TEST_P(EveryVariant, ManyThreadsFindAnEmptyPoolAtOnce) {
  auto pool = allocator::make(
      GetParam(), {.budget_bytes = 8 * 4096, .cores = 1, .region_bytes = 8192, .memory = &memory_});
  std::vector<Slice> slices(8);
  std::vector<std::thread> threads;
  for (Slice& slice : slices) {
    threads.emplace_back([&] {
      slice = pool->allocate(4096);
      slice.data()[0] = std::byte{1};
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<const std::byte*> distinct;
  for (const Slice& slice : slices) distinct.insert(slice.data());
  EXPECT_EQ(distinct.size(), 8u);
  EXPECT_LE(memory_.most_accessible_bytes(), 8u * 4096);
  // Asked once more, the first generations would unmap what is in use.
  if (!one_slice_at_a_time() && !forgets_to_free()) {
    EXPECT_THROW(pool->allocate(4096), OutOfMemory);
  }
  expect_accounts(*pool);
}

TEST(Make, NamesTheVariantsItKnows) {
  EXPECT_EQ(allocator::variants().size(), 5u);
  try {
    allocator::make("claimd");
    FAIL() << "made an unknown variant";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "unknown variant 'claimd' (known: shared-arena, uncounted-alloc, documented-fix, "
                 "madvise-reuse, claimed)");
  }
}

TEST(Make, NamesOfResults) {
  EXPECT_EQ(name_of(Released::ok), "ok");
  EXPECT_EQ(name_of(Released::double_release), "double-release");
  EXPECT_EQ(name_of(Released::foreign), "foreign");
  EXPECT_EQ(name_of(Released::misaligned), "misaligned");
  EXPECT_EQ(name_of(Released::closed), "closed");
}

}  // namespace
