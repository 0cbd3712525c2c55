// A memory resource with a free list for each size class in front of a pool, as many have one. It
// puts what comes back into the list of the size that the caller tells it.
#pragma once

#include <array>
#include <memory_resource>
#include <mutex>
#include <vector>

#include "allocator/allocator.hpp"
#include "allocator/plan.hpp"

namespace lifecycles {

class TrustingResource final : public std::pmr::memory_resource {
 public:
  explicit TrustingResource(allocator::Pool& pool) : pool_(pool) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t) override {
    const std::lock_guard hold(lock_);
    auto& free = free_[allocator::size_class_of(bytes)];
    if (free.empty()) return pool_.allocate(bytes).data();
    void* const slice = free.back();
    free.pop_back();
    return slice;
  }
  void do_deallocate(void* slice, std::size_t bytes, std::size_t) override {
    const std::lock_guard hold(lock_);
    free_[allocator::size_class_of(bytes)].push_back(slice);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  allocator::Pool& pool_;
  std::mutex lock_;
  std::array<std::vector<void*>, allocator::size_classes.size()> free_;
};

}  // namespace lifecycles
