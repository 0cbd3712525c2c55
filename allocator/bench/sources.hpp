// Where the benchmarks' threads get their memory from: the pool in three ways, the C library (which
// is whatever LD_PRELOAD puts in its place), and the naive pool. Each is made once for every
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include "allocator/segment_pool.hpp"

namespace bench {

// Few enough for their first bytes to stay in the first cache: at distances of a page they share
// its 8 to 12 ways, and a row should measure the pool.
inline constexpr std::size_t window_slices = 8;

inline allocator::SegmentPool& pool(allocator::Check check) {
  using allocator::Check;
  constexpr std::size_t budget_bytes = std::size_t{1} << 30;
  static allocator::SegmentPool none({.budget_bytes = budget_bytes, .check = Check::none});
  static allocator::SegmentPool notes({.budget_bytes = budget_bytes, .check = Check::sequential});
  static allocator::SegmentPool tickets({.budget_bytes = budget_bytes, .check = Check::exact});
  return check == Check::none ? none : check == Check::sequential ? notes : tickets;
}

// Layers 1 and 2; the handle knows its class.
template <allocator::Check check>
class Handles {
 public:
  using Held = allocator::Segment;
  Held get(std::size_t bytes) { return cache_.allocate(bytes); }
  void put(Held& held) { cache_.release(std::move(held)); }
  static std::byte* address(const Held& held) { return held.data(); }

 private:
  allocator::Cache cache_ = pool(check).make_cache();
};

// Layers 1 and 2; the class is found from the address.
template <allocator::Check check>
class Addresses {
 public:
  using Held = allocator::Slice;
  Held get(std::size_t bytes) { return cache_.allocate_slice(bytes); }
  void put(Held& held) { cache_.release(held); }
  static std::byte* address(const Held& held) { return held.data(); }

 private:
  allocator::Cache cache_ = pool(check).make_cache();
};

// Layer 1 alone.
class Beneath {
 public:
  using Held = allocator::Slice;
  Held get(std::size_t bytes) { return pool(allocator::Check::none).allocate_slice(bytes); }
  void put(Held& held) { pool(allocator::Check::none).release(held); }
  static std::byte* address(const Held& held) { return held.data(); }
};

class CLibrary {
 public:
  using Held = std::byte*;
  Held get(std::size_t bytes) { return static_cast<std::byte*>(std::malloc(bytes)); }
  void put(Held& held) { std::free(held); }
  static std::byte* address(Held held) { return held; }
};

// A list for each class, and one lock.
class Naive {
 public:
  using Held = allocator::Slice;
  Held get(std::size_t bytes) {
    const std::lock_guard hold(shared().lock);
    auto& free = shared().free[allocator::detail::class_of(bytes)];
    if (free.empty()) {
      const std::size_t size = allocator::size_classes[allocator::detail::class_of(bytes)];
      return {std::malloc(size), size};
    }
    const Held held = free.back();
    free.pop_back();
    return held;
  }
  void put(Held& held) {
    const std::lock_guard hold(shared().lock);
    shared().free[allocator::detail::class_of(held.size())].push_back(held);
  }
  static std::byte* address(const Held& held) { return held.data(); }

 private:
  struct Shared {
    std::mutex lock;
    std::array<std::vector<Held>, allocator::size_classes.size()> free;
  };
  static Shared& shared() {
    static Shared all;
    return all;
  }
};

}  // namespace bench
