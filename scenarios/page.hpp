// What the tasks of a scenario do with a slice: stamp it, and look later whether the stamp is still
// there. The functions are never inlined, so that the guilty access has a frame with a name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "allocator/allocator.hpp"
#include "harness/observe.hpp"
#include "harness/point.hpp"

namespace scenarios {

inline constexpr std::size_t kib = 1024;
inline constexpr std::size_t page = 4 * kib;  // the smallest class

// One region that holds what one growth asks for (8 slices of the smallest class), so that a pool
// grows by exactly one region; and room for two of them, so that a pool may grow while a region is
// being given back.
inline constexpr allocator::Options small_pool = {
    .budget_bytes = 64 * kib, .cores = 1, .region_bytes = 32 * kib};

// The places that are stamped: both ends and the middle.
inline std::array<std::uint64_t*, 3> stamped_words(const allocator::Slice& slice) {
  auto* words = reinterpret_cast<std::uint64_t*>(slice.data());
  const std::size_t count = slice.size() / sizeof(std::uint64_t);
  return {words, words + count / 2, words + count - 1};
}

[[gnu::noinline]] inline void stamp(const allocator::Slice& slice, std::uint64_t value) {
  for (std::uint64_t* word : stamped_words(slice)) {
    *word = value;
  }
}

// Objects (`lost-data`) at the first word that holds something else.
[[gnu::noinline]] inline void check_stamp(const allocator::Slice& slice, std::uint64_t value) {
  for (const std::uint64_t* word : stamped_words(slice)) {
    if (const std::uint64_t found = *word; found != value) {
      harness::observe::lost(slice.data(), value, found);
      return;
    }
  }
}

// What a task does with memory that it owns: write, be interrupted at the point "holding", read.
inline void use(const allocator::Slice& slice, std::uint64_t value) {
  stamp(slice, value);
  harness::point("holding");
  check_stamp(slice, value);
}

// One whole life of a slice.
inline void borrow(allocator::Pool& pool, std::size_t bytes, std::uint64_t value) {
  const allocator::Slice slice = pool.allocate(bytes);
  use(slice, value);
  pool.release(slice);
}

}  // namespace scenarios
