// What the child of a fork() has of a pool: every word of it as it stood at one instant, and none
// of the threads that were working on it. In one address space the child's pool is a copy, made in
// one step.
//
//   SharesMappings    Botan #602: memory mapped MAP_SHARED is one and the same in parent and child,
//                     but each has its own notes of what is free: one page goes to both
//   ForksUnprepared   another thread is growing the pool at that instant: in the child the lock is
//                     held for ever, by nobody
//   ForksPrepared     fork handlers take the lock before and let go of it after, on both sides; the
//                     child's memory is its own
#pragma once

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

class ForkedPool : public SmallPool {
 public:
  using SmallPool::SmallPool;
  // To be called once.
  virtual std::unique_ptr<allocator::Pool> fork() = 0;

 protected:
  std::byte* grow() override {
    const std::lock_guard hold(growing_);
    is_growing_ = true;
    harness::point("growing");
    std::byte* const slice = SmallPool::grow();
    is_growing_ = false;
    return slice;
  }

  std::mutex growing_;
  std::atomic<bool> is_growing_{false};
};

class SharesMappings final : public ForkedPool {
 public:
  static constexpr std::string_view name = "shares-mappings";
  using ForkedPool::ForkedPool;

  std::unique_ptr<allocator::Pool> fork() override {
    auto child = std::make_unique<SharesMappings>(options_);
    const std::lock_guard hold(lock_);
    child->regions_ = regions_;
    child->free_ = free_;
    child->free_count_ = free_count_;
    child->is_child_ = true;
    return child;
  }
  ~SharesMappings() override {
    if (is_child_) regions_ = {};  // the parent unmaps them
  }

 private:
  bool is_child_ = false;
};

class ForksUnprepared final : public ForkedPool {
 public:
  static constexpr std::string_view name = "forks-unprepared";
  using ForkedPool::ForkedPool;

  std::unique_ptr<allocator::Pool> fork() override {
    auto child = std::make_unique<ForksUnprepared>(options_);
    if (is_growing_) child->growing_.lock();
    return child;
  }
};

class ForksPrepared final : public ForkedPool {
 public:
  static constexpr std::string_view name = "forks-prepared";
  using ForkedPool::ForkedPool;

  std::unique_ptr<allocator::Pool> fork() override {
    const std::lock_guard hold(growing_);
    auto child = std::make_unique<ForksPrepared>(options_);
    if (is_growing_) child->growing_.lock();
    return child;
  }
};

}  // namespace lifecycles
