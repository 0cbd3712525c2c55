// Pools that are made when they are first used. FlagFirst says that it is made before it is;
// MadeOnce lets everybody wait for the one who makes it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "allocator/allocator.hpp"
#include "harness/observe.hpp"
#include "harness/point.hpp"

namespace lifecycles {

class LazyPool {
 public:
  explicit LazyPool(const allocator::Options& options) : options_(options) {}
  virtual ~LazyPool() = default;
  virtual allocator::Pool* get() = 0;

 protected:
  void make() {
    pool_ = allocator::make("claimed", options_);
    harness::point("made");
    made_ = pool_.get();
  }
  allocator::Pool* made() const { return made_; }

 private:
  const allocator::Options options_;
  std::unique_ptr<allocator::Pool> pool_;
  std::atomic<allocator::Pool*> made_{nullptr};
};

class FlagFirst final : public LazyPool {
 public:
  using LazyPool::LazyPool;
  allocator::Pool* get() override {
    if (!started_.exchange(true)) make();
    return made();
  }

 private:
  std::atomic<bool> started_{false};
};

class MadeOnce final : public LazyPool {
 public:
  using LazyPool::LazyPool;
  allocator::Pool* get() override {
    std::call_once(once_, [this] { make(); });
    return made();
  }

 private:
  std::once_flag once_;
};

}  // namespace lifecycles
