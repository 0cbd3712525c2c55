// The system refuses: at every call a pool makes, nothing is lost, the counts are exact, the caller
// hears of it, and the next attempt works.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include "allocator/allocator.hpp"
#include "allocator/test/memory_double.hpp"

namespace {

using allocator::MemoryDouble;
using allocator::Options;
using allocator::OutOfMemory;
using allocator::Pool;
using allocator::Released;
using allocator::Slice;
using allocator::Statistics;
using Call = MemoryDouble::Call;

class Failure : public testing::TestWithParam<std::string_view> {
 protected:
  static Call mapping() { return GetParam() == "claimed" ? Call::commit : Call::map; }
  static Call unmapping() {
    if (GetParam() == "claimed") return Call::decommit;
    return GetParam() == "madvise-reuse" ? Call::discard : Call::release;
  }
  std::unique_ptr<Pool> make(std::size_t budget_bytes) {
    return allocator::make(
        GetParam(),
        {.budget_bytes = budget_bytes, .cores = 1, .region_bytes = 8192, .memory = &memory_});
  }
  MemoryDouble memory_;
};

std::string test_name(const testing::TestParamInfo<std::string_view>& info) {
  std::string name(info.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Pools, Failure, testing::ValuesIn(allocator::variants()), test_name);

TEST_P(Failure, TheFirstRegionCannotBeMapped) {
  auto pool = make(1 << 20);
  memory_.fail(mapping());
  try {
    pool->allocate(4096);
    FAIL() << "a slice without memory";
  } catch (const OutOfMemory& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("refused to map 8192 bytes"), std::string::npos) << text;
    EXPECT_NE(text.find(std::strerror(ENOMEM)), std::string::npos) << text;
    EXPECT_NE(text.find("mapped 0"), std::string::npos) << text;
  }
  EXPECT_EQ(pool->statistics(), Statistics{});
  EXPECT_EQ(pool->recount(), Statistics{});
  const Slice slice = pool->allocate(4096);
  slice.data()[0] = std::byte{1};
  EXPECT_EQ(pool->statistics().regions, 4u);
  EXPECT_EQ(pool->statistics(), pool->recount());
}

TEST_P(Failure, GrowthStopsInTheMiddle) {
  auto pool = make(1 << 20);
  memory_.fail(mapping(), 2);
  const Slice slice = pool->allocate(4096);
  slice.data()[4095] = std::byte{1};
  EXPECT_EQ(pool->statistics().regions, 2u);
  EXPECT_EQ(pool->statistics().mapped_bytes, 16384u);
  EXPECT_EQ(pool->statistics().free_slices[0], 3u);
  EXPECT_EQ(pool->statistics(), pool->recount());
}

TEST_P(Failure, ARegionCannotBeGivenBack) {
  auto pool = make(1 << 20);
  std::vector<Slice> slices;
  for (int i = 0; i < 8; ++i) slices.push_back(pool->allocate(4096));
  const bool eager = GetParam() == "shared-arena";
  if (GetParam() == "uncounted-alloc") {
    GTEST_SKIP() << "nothing is given back after a release in this generation";
  }
  if (eager) memory_.fail(unmapping(), 0, 1, EINVAL);
  for (const Slice& slice : slices) {
    pool->release(slice);
    if (eager) break;
  }
  if (!eager) {
    memory_.fail(unmapping(), 1, 1, EINVAL);
    try {
      pool->free_unused_regions();
      FAIL() << "nobody heard of the failure";
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::error_code(EINVAL, std::system_category()));
    }
    EXPECT_EQ(pool->statistics().free_slices[0], 2u);
    EXPECT_EQ(pool->statistics(), pool->recount());
    EXPECT_EQ(pool->free_unused_regions(), 8192u);
    EXPECT_EQ(pool->statistics().free_slices[0], 0u);
  } else {
    EXPECT_EQ(pool->statistics().regions, 4u);
    EXPECT_EQ(pool->statistics().free_slices[0], 1u);
  }
  EXPECT_EQ(pool->statistics(), pool->recount());
  EXPECT_EQ(memory_.repeated_unmappings(), 0u);
}

TEST_P(Failure, ClosingFailsAndIsTriedAgain) {
  auto pool = make(1 << 20);
  const Slice slice = pool->allocate(4096);
  pool->release(slice);
  const std::size_t mapped = pool->statistics().mapped_bytes;
  const Call call = GetParam() == "claimed" ? Call::decommit : Call::release;
  memory_.fail(call, 1);
  EXPECT_THROW(pool->close(), std::system_error);
  EXPECT_EQ(pool->statistics().mapped_bytes, 8192u) << "of " << mapped;
  EXPECT_EQ(pool->statistics(), pool->recount());
  EXPECT_THROW(pool->allocate(4096), OutOfMemory);
  pool->close();
  EXPECT_EQ(pool->statistics(), Statistics{});
  EXPECT_EQ(memory_.accessible_bytes(), 0u);
  EXPECT_EQ(memory_.repeated_unmappings(), 0u);
}

TEST_P(Failure, PressureMeetsARegionThatCannotBeGivenBack) {
  if (GetParam() == "uncounted-alloc" || GetParam() == "shared-arena" ||
      GetParam() == "madvise-reuse") {
    GTEST_SKIP() << "pressure frees no region of another class in this generation";
  }
  auto pool = make(8192);
  pool->release(pool->allocate(4096));
  memory_.fail(unmapping(), 0, 1, EINVAL);
  try {
    pool->allocate(8192);
    FAIL() << "over budget";
  } catch (const OutOfMemory& error) {
    EXPECT_NE(std::string(error.what()).find(std::strerror(EINVAL)), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(pool->statistics().free_slices[0], 2u);
  EXPECT_EQ(pool->statistics(), pool->recount());
  const Slice slice = pool->allocate(8192);
  std::memset(slice.data(), 1, slice.size());
  EXPECT_LE(memory_.most_accessible_bytes(), 8192u);
}

TEST(ClaimedFailure, ReservesLessWhereAddressesAreShort) {
  MemoryDouble memory;
  memory.fail(Call::reserve, 0, 3);
  auto pool = allocator::make(
      "claimed", {.budget_bytes = 16 << 20, .cores = 1, .region_bytes = 262144, .memory = &memory});
  EXPECT_EQ(memory.calls(Call::reserve), 4u);
  std::vector<Slice> slices;
  for (int i = 0; i < 8; ++i) slices.push_back(pool->allocate(262144));
  for (const Slice& slice : slices) slice.data()[262143] = std::byte{1};
  try {
    pool->allocate(262144);
    FAIL() << "an eighth of the addresses holds eight regions";
  } catch (const OutOfMemory& error) {
    EXPECT_NE(std::string(error.what()).find("addresses"), std::string::npos) << error.what();
  }
  EXPECT_EQ(pool->statistics().mapped_bytes, 8u * 262144);
  EXPECT_EQ(pool->statistics(), pool->recount());
}

TEST(ClaimedFailure, NoAddressesAtAll) {
  MemoryDouble memory;
  memory.fail(Call::reserve, 0, 100);
  EXPECT_THROW(allocator::make("claimed", {.memory = &memory}), OutOfMemory);
  EXPECT_EQ(memory.accessible_bytes(), 0u);
}

TEST(ClaimedFailure, TheLastSliceComesHomeAndTheRegionStays) {
  MemoryDouble memory;
  auto pool = allocator::make(
      "claimed", {.budget_bytes = 8192, .cores = 1, .region_bytes = 8192, .memory = &memory});
  const Slice slice = pool->allocate(4096);
  pool->close();
  memory.fail(Call::decommit);
  EXPECT_EQ(pool->release(slice), Released::ok);
  EXPECT_EQ(pool->statistics().mapped_bytes, 8192u);
  EXPECT_EQ(pool->release(slice), Released::double_release);
  EXPECT_THROW(pool->allocate(4096), OutOfMemory);
  EXPECT_EQ(pool->free_unused_regions(), 8192u);
  EXPECT_EQ(pool->release(slice), Released::closed);
  EXPECT_EQ(pool->statistics(), Statistics{});
}

}  // namespace
