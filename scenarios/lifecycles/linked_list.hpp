// LeanStore 50cbd32: a lock-free list of free frames (Treiber). A pop reads which frame comes next,
// and swaps the head if it is still the same frame: it may be the same frame again, popped and
// pushed back meanwhile, and what came next then has an owner now (ABA).
#pragma once

#include <cstdint>

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

// One region, mapped when the pool is made.
class UntaggedList final : public SmallPool {
 public:
  static constexpr std::string_view name = "untagged-list";
  explicit UntaggedList(const Options& options) : SmallPool(options) {
    charged_ = region_bytes();
    add_region();
    while (std::byte* slice = poll()) push_frame(index_of(slice));
  }

  Slice allocate(std::size_t) override {
    std::uint64_t top = head_.load();
    std::uint64_t next = none;
    do {
      if (top == none) throw OutOfMemory("no frame is free");
      next = next_[top].load();
      harness::point("read-next");
    } while (!head_.compare_exchange_weak(top, next));
    return {regions_[0] + top * page, page};
  }

  Released release(Slice slice) override {
    push_frame(index_of(slice.data()));
    return Released::ok;
  }

  Statistics recount() const override {
    Statistics counted = SmallPool::recount();
    std::size_t free = 0;
    for (std::uint64_t at = head_; at != none && free < slices_per_region(); at = next_[at]) ++free;
    counted.free_slices[0] = free;
    counted.slices_out = slices_per_region() - free;
    return counted;
  }

 private:
  static constexpr std::uint64_t none = ~std::uint64_t{0};

  std::uint64_t index_of(const std::byte* slice) const {
    return static_cast<std::uint64_t>(slice - regions_[0]) / page;
  }

  void push_frame(std::uint64_t frame) {
    std::uint64_t top = head_.load();
    do {
      next_[frame].store(top);
    } while (!head_.compare_exchange_weak(top, frame));
  }

  std::atomic<std::uint64_t> head_{none};
  std::array<std::atomic<std::uint64_t>, 32> next_{};
};

}  // namespace lifecycles
