// Pools whose workers keep slices for themselves. DrainsUnfrozen: a purger takes them away without
// a word with the worker, who is taking one at that moment. ForgetsItsCache: a worker ends, and
// what it kept is in nobody's books.
#pragma once

#include <utility>

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

// One worker's cache at a time.
class CachingPool : public SmallPool {
 public:
  using SmallPool::SmallPool;

  std::unique_ptr<allocator::PoolCache> make_cache() override {
    return std::make_unique<Cache>(*this);
  }

 protected:
  virtual void worker_ends() {
    while (kept_ > 0) push(slices_[--kept_]);
  }
  std::array<std::atomic<std::byte*>, 4> slices_{};
  std::atomic<std::size_t> kept_{0};

 private:
  class Cache final : public allocator::PoolCache {
   public:
    explicit Cache(CachingPool& pool) : pool_(pool) {}
    ~Cache() override { pool_.worker_ends(); }

    Slice allocate(std::size_t bytes) override {
      const std::size_t kept = pool_.kept_;
      if (kept == 0) return pool_.allocate(bytes);
      std::byte* const slice = pool_.slices_[kept - 1];
      harness::point("taking");
      pool_.kept_ = kept - 1;
      return {slice, page};
    }
    Released release(Slice slice) override {
      const std::size_t kept = pool_.kept_;
      if (kept == pool_.slices_.size()) return pool_.release(slice);
      pool_.slices_[kept] = slice.data();
      pool_.kept_ = kept + 1;
      return Released::ok;
    }

   private:
    CachingPool& pool_;
  };
};

class DrainsUnfrozen final : public CachingPool {
 public:
  static constexpr std::string_view name = "drains-unfrozen";
  using CachingPool::CachingPool;

  std::size_t free_unused_regions() override {
    const std::size_t kept = kept_.exchange(0);
    for (std::size_t i = 0; i < kept; ++i) push(slices_[i]);
    return 0;
  }
};

class ForgetsItsCache final : public CachingPool {
 public:
  static constexpr std::string_view name = "forgets-its-cache";
  using CachingPool::CachingPool;

 private:
  void worker_ends() override { kept_ = 0; }
};

}  // namespace lifecycles
