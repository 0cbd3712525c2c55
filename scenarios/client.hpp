// What the clients of a pool do in more than one scenario: ask where a refusal is legal, demand
// where it is not, and look in the end whether every slice is still to be had.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace scenarios {

// True if it was served. To be refused is legal.
inline bool ask(ObservedPool& pool, std::uint64_t value, std::size_t bytes = page) {
  try {
    borrow(pool, bytes, value);
    return true;
  } catch (const allocator::OutOfMemory&) {
    return false;
  }
}

// An empty slice, and an objection, where the request is refused: the caller knows that it must not
// be.
inline allocator::Slice demand(ObservedPool& pool, const char* objection,
                               std::size_t bytes = page) {
  try {
    return pool.allocate(bytes);
  } catch (const allocator::OutOfMemory&) {
    harness::observe::violated("assertion", objection);
    return {};
  }
}

// Everything has come back: `Count` slices can be out at once, all different ones.
template <std::size_t Count>
void check_nothing_lost(ObservedPool& pool) {
  std::array<allocator::Slice, Count> slices;
  for (std::size_t i = 0; i < Count; ++i) {
    slices[i] = demand(pool, "all slices are back, and yet one is refused");
    if (!slices[i]) return;
    stamp(slices[i], i);
  }
  for (std::size_t i = 0; i < Count; ++i) check_stamp(slices[i], i);
  for (const allocator::Slice& slice : slices) pool.release(slice);
}

}  // namespace scenarios
