// SirixDB b763e4a8a: a region that looks unused is put aside, and reuse sets its count to the total
// and offers all of its slices again, while a poll of one of them is still on its way: the slice is
// in two hands. (The generation `madvise-reuse` does the same and discards the contents as well;
// here nothing is discarded, so that what is left is the slice in two hands.)
#pragma once

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

// One region only.
class ResetOnReuse final : public SmallPool {
 public:
  static constexpr std::string_view name = "reset-on-reuse";
  using SmallPool::SmallPool;

  Slice allocate(std::size_t bytes) override {
    const Slice slice = SmallPool::allocate(bytes);
    --unused_;
    return slice;
  }

  Released release(Slice slice) override {
    SmallPool::release(slice);
    ++unused_;
    return Released::ok;
  }

  // Nothing is unmapped, so nothing is freed: the region waits for its reuse.
  std::size_t free_unused_regions() override {
    if (unused_ != slices_per_region()) return 0;
    const std::lock_guard hold(lock_);
    free_count_ = 0;
    idle_ = true;
    return 0;
  }

 private:
  std::byte* grow() override {
    if (!idle_.exchange(false)) {
      std::byte* const slice = SmallPool::grow();
      return slice;
    }
    unused_ = slices_per_region();
    const std::lock_guard hold(lock_);
    for (std::size_t i = slices_per_region(); i > 0; --i) {
      free_[free_count_++] = regions_[0] + (i - 1) * page;
    }
    return free_[--free_count_];
  }

  std::atomic<std::size_t> unused_{slices_per_region()};
  std::atomic<bool> idle_{false};
};

}  // namespace lifecycles
