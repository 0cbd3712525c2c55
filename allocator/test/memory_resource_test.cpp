// The pool under std::pmr: containers on top of it, alignment, sizes that are none of its classes,
// and the slips of its callers.
#include "allocator/memory_resource.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory_resource>
#include <string>
#include <vector>

namespace {

using allocator::SegmentPool;
using allocator::SegmentResource;

TEST(MemoryResource, Example) {
  SegmentPool pool({.budget_bytes = 32 << 20});
  SegmentResource resource(pool);
  {
    std::pmr::vector<std::uint64_t> numbers(&resource);
    for (std::uint64_t i = 0; i < 20'000; ++i) numbers.push_back(i * i);
    EXPECT_EQ(numbers[19'999], std::uint64_t{19'999} * 19'999);
    EXPECT_EQ(pool.statistics().slices_out, 1u);
    std::pmr::monotonic_buffer_resource pieces(&resource);
    std::pmr::string text(100, 'x', &pieces);
    EXPECT_EQ(text.size(), 100u);
  }
  EXPECT_EQ(pool.statistics().slices_out, 0u);
}

TEST(MemoryResource, AlignmentAboveTheSizeTakesALargerClass) {
  SegmentPool pool({.budget_bytes = 8 << 20});
  SegmentResource resource(pool);
  for (std::size_t alignment = 1; alignment <= 262144; alignment *= 2) {
    void* const base = resource.allocate(100, alignment);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(base) % alignment, 0u);
    resource.deallocate(base, 100, alignment);
  }
  void* const empty = resource.allocate(0);
  EXPECT_NE(empty, nullptr);
  resource.deallocate(empty, 0);
  EXPECT_EQ(pool.statistics().slices_out, 0u);
}

TEST(MemoryResource, WhatThePoolHasNoClassForGoesUpstream) {
  SegmentPool pool({.budget_bytes = 8 << 20});
  SegmentResource resource(pool);
  void* const large = resource.allocate(300'000);
  EXPECT_EQ(pool.statistics().slices_out, 0u);
  resource.deallocate(large, 300'000);
  void* const aligned = resource.allocate(64, 524288);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned) % 524288, 0u);
  resource.deallocate(aligned, 64, 524288);
  SegmentResource refusing(pool, std::pmr::null_memory_resource());
  EXPECT_THROW(static_cast<void>(refusing.allocate(300'000)), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(refusing.allocate(64, 524288)), std::bad_alloc);
}

TEST(MemoryResource, EqualIsWhatMayReleaseForTheOther) {
  SegmentPool pool({.budget_bytes = 8 << 20});
  SegmentPool other({.budget_bytes = 8 << 20});
  SegmentResource first(pool);
  SegmentResource second(pool);
  SegmentResource third(other);
  SegmentResource fourth(pool, std::pmr::null_memory_resource());
  EXPECT_EQ(first, second);
  EXPECT_NE(first, third);
  EXPECT_NE(first, fourth);
  void* const base = first.allocate(4096);
  second.deallocate(base, 4096);
  EXPECT_EQ(pool.statistics().slices_out, 0u);
}

TEST(MemoryResourceDeathTest, SlipsEndTheProcessWithASentence) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  SegmentPool pool({.budget_bytes = 8 << 20});
  SegmentResource resource(pool);
  void* const base = resource.allocate(4096);
  EXPECT_DEATH(resource.deallocate(base, 9000), "the slice there has another size");
  EXPECT_DEATH(resource.deallocate(static_cast<std::byte*>(base) + 64, 4096), "misaligned");
  int on_the_stack = 0;
  EXPECT_DEATH(resource.deallocate(&on_the_stack, 4), "foreign");
  resource.deallocate(base, 4096);
  EXPECT_DEATH(resource.deallocate(base, 4096), "double-release");
}

}  // namespace
