// google/sanitizers #182: what a program has poisoned by hand (ASAN_POISON_MEMORY_REGION) stays
// poisoned when it is unmapped. A pool that poisons free slices and unmaps a region leaves poison
// behind for whoever maps something there next. `Poison` stands for the sanitizer's table, so that
// this can be looked at in every build.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <mutex>

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

// Which pages are poisoned, by address, whatever is mapped there.
class Poison {
 public:
  void put(const std::byte* at) {
    const std::lock_guard hold(lock_);
    pages_[count_++ % pages_.size()] = at;
  }
  void remove(const std::byte* at) {
    const std::lock_guard hold(lock_);
    std::replace(pages_.begin(), pages_.end(), at, static_cast<const std::byte*>(nullptr));
  }
  bool is_on(const std::byte* at) const {
    const std::lock_guard hold(lock_);
    return std::find(pages_.begin(), pages_.end(), at) != pages_.end();
  }

 private:
  mutable std::mutex lock_;
  std::array<const std::byte*, 64> pages_{};
  std::size_t count_ = 0;
};

// Poisons what is free, in whatever pool.
class PoisoningPool final : public allocator::Pool {
 public:
  PoisoningPool(std::unique_ptr<allocator::Pool> pool, Poison& poison)
      : pool_(std::move(pool)), poison_(poison) {}

  Slice allocate(std::size_t bytes) override {
    const Slice slice = pool_->allocate(bytes);
    poison_.remove(slice.data());
    return slice;
  }
  Released release(Slice slice) override {
    poison_.put(slice.data());
    return pool_->release(slice);
  }
  std::size_t free_unused_regions() override { return pool_->free_unused_regions(); }
  void close() override { pool_->close(); }
  Statistics statistics() const override { return pool_->statistics(); }
  Statistics recount() const override { return pool_->recount(); }
  std::size_t budget_bytes() const override { return pool_->budget_bytes(); }

 private:
  std::unique_ptr<allocator::Pool> pool_;
  Poison& poison_;
};

// Gives back addresses with the memory: the mistake is to do so with poison on them.
class UnmapsPoisoned final : public SmallPool {
 public:
  static constexpr std::string_view name = "unmaps-poisoned";
  using SmallPool::SmallPool;

  std::size_t free_unused_regions() override {
    {
      const std::lock_guard hold(lock_);
      if (free_count_ != slices_per_region()) return 0;
    }
    unmap_all();
    return region_bytes();
  }
};

}  // namespace lifecycles
