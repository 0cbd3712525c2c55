// SirixDB 6b7e73312, 6c58fa9ad: the set of free slices and the counter of its size are changed one
// after the other. A sweep in between takes a slice off the set that was never counted; its
// subtraction would go below zero, is cut off there, and the late addition counts what is gone.
#pragma once

#include <algorithm>

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

// One region only.
class SetThenCounter final : public SmallPool {
 public:
  static constexpr std::string_view name = "set-then-counter";
  using SmallPool::SmallPool;

  Slice allocate(std::size_t bytes) override {
    const Slice slice = SmallPool::allocate(bytes);
    subtract(1);
    return slice;
  }

  Released release(Slice slice) override {
    SmallPool::release(slice);
    ++counter_;
    return Released::ok;
  }

  std::size_t free_unused_regions() override {
    std::size_t removed = 0;
    {
      const std::lock_guard hold(lock_);
      if (regions_[0] == nullptr || free_count_ != slices_per_region()) return 0;
      removed = std::exchange(free_count_, 0);
      static_cast<void>(memory().release(std::exchange(regions_[0], nullptr), region_bytes()));
    }
    subtract(removed);
    charged_ -= region_bytes();
    return region_bytes();
  }

  Statistics statistics() const override {
    Statistics said = SmallPool::statistics();
    said.free_slices[0] = counter_;
    return said;
  }

 private:
  std::byte* grow() override {
    std::byte* const slice = SmallPool::grow();
    if (slice != nullptr) counter_ = slices_per_region();
    return slice;
  }

  void subtract(std::size_t slices) {
    std::size_t seen = counter_.load();
    while (!counter_.compare_exchange_weak(seen, seen - std::min(seen, slices))) {
    }
  }

  std::atomic<std::size_t> counter_{0};
};

}  // namespace lifecycles
