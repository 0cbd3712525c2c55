// What the small broken pools of this folder share, and it is right: a few regions of slices of the
// smallest class, a list of free slices under a lock, growth by one region, a budget. A pool with
// the shape of a bug overrides the function that the bug was in, and nothing else. Facts only: the
// repositories and numbers named in these files are where the bug happened; no code is theirs.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <type_traits>
#include <utility>

#include "allocator/allocator.hpp"
#include "allocator/virtual_memory.hpp"
#include "harness/point.hpp"
#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace lifecycles {

using allocator::Options;
using allocator::OutOfMemory;
using allocator::Released;
using allocator::Slice;
using allocator::Statistics;
using scenarios::page;

class SmallPool : public allocator::Pool {
 public:
  explicit SmallPool(const Options& options) : options_(options) {}
  ~SmallPool() override { unmap_all(); }
  SmallPool(const SmallPool&) = delete;
  SmallPool& operator=(const SmallPool&) = delete;

  Slice allocate(std::size_t) override {
    std::byte* slice = poll();
    if (slice == nullptr) slice = grow();
    if (slice == nullptr) throw OutOfMemory("the budget is used up");
    harness::point("polled");
    return {slice, page};
  }

  Released release(Slice slice) override {
    push(slice.data());
    harness::point("pushed");
    return Released::ok;
  }

  std::size_t free_unused_regions() override { return 0; }
  void close() override { unmap_all(); }

  Statistics statistics() const override {
    Statistics said = recount();
    said.mapped_bytes = charged_.load();
    return said;
  }

  Statistics recount() const override {
    const std::lock_guard hold(lock_);
    Statistics counted;
    for (const std::byte* base : regions_) counted.regions += base != nullptr ? 1 : 0;
    counted.mapped_bytes = counted.regions * region_bytes();
    counted.free_slices[0] = free_count_;
    const std::size_t slices = counted.regions * slices_per_region();
    counted.slices_out = slices > free_count_ ? slices - free_count_ : 0;
    return counted;
  }

  std::size_t budget_bytes() const override { return options_.budget_bytes; }

 protected:
  // Called where no slice was free: one of a new region, or nullptr.
  virtual std::byte* grow() {
    harness::point("grow");
    const std::lock_guard hold(growth_lock_);
    if (std::byte* slice = poll()) return slice;
    if (!charge(region_bytes())) return nullptr;
    if (!add_region()) {
      charged_ -= region_bytes();
      return nullptr;
    }
    return poll();
  }

  // Never more than the budget, and never an amount that is taken back.
  virtual bool charge(std::size_t bytes) {
    std::size_t charged = charged_.load();
    do {
      if (charged + bytes > options_.budget_bytes) return false;
    } while (!charged_.compare_exchange_weak(charged, charged + bytes));
    return true;
  }

  // From here on tools for the pools of this folder. A slice that is free, or nullptr.
  std::byte* poll() {
    const std::lock_guard hold(lock_);
    return free_count_ == 0 ? nullptr : free_[--free_count_];
  }
  void push(std::byte* slice) {
    const std::lock_guard hold(lock_);
    free_[free_count_++] = slice;
  }

  // Maps a region, already charged, and pushes its slices. False: the system refused.
  bool add_region() {
    std::byte* const base = map();
    if (base == nullptr) return false;
    const std::lock_guard hold(lock_);
    publish(base);
    return true;
  }
  std::byte* map() {
    std::error_code error;
    return memory().map(region_bytes(), error);
  }
  // With lock_ held. Slices are taken from the end of the list: the first one first.
  void publish(std::byte* base) {
    for (std::byte*& place : regions_) {
      if (place != nullptr) continue;
      place = base;
      break;
    }
    for (std::size_t i = slices_per_region(); i > 0; --i)
      free_[free_count_++] = base + (i - 1) * page;
  }
  void unmap_all() {
    const std::lock_guard hold(lock_);
    for (std::byte*& base : regions_) {
      if (base == nullptr) continue;
      static_cast<void>(memory().release(base, region_bytes()));
      charged_ -= region_bytes();
      base = nullptr;
    }
    free_count_ = 0;
  }

  allocator::VirtualMemory& memory() const {
    return options_.memory != nullptr ? *options_.memory : allocator::system_memory();
  }
  std::size_t region_bytes() const { return options_.region_bytes; }
  std::size_t slices_per_region() const { return options_.region_bytes / page; }

  const Options options_;
  mutable std::mutex lock_;
  std::mutex growth_lock_;
  std::array<std::byte*, 4> regions_{};  // guarded by lock_, as what follows
  std::array<std::byte*, 32> free_{};
  std::size_t free_count_ = 0;
  std::atomic<std::size_t> charged_{0};
};

// The pool that a variant means: one of `Broken`, by its name, else the generation of the allocator
// that has it. Throws std::invalid_argument as allocator::make() does.
template <class... Broken>
std::unique_ptr<scenarios::ObservedPool> pool_of(std::string_view variant, const Options& options) {
  std::unique_ptr<allocator::Pool> pool;
  const auto make = [&]<class One>(std::type_identity<One>) {
    if (variant == One::name) pool = std::make_unique<One>(options);
  };
  (make(std::type_identity<Broken>{}), ...);
  if (pool == nullptr) pool = allocator::make(variant, options);
  return std::make_unique<scenarios::ObservedPool>(std::move(pool));
}

}  // namespace lifecycles
