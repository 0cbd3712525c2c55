// What goes wrong where `mmap` fails. The incident's own pool compared its result with NULL, while
// a failed mmap() returns MAP_FAILED; and what was charged for a mapping that never came must be
// given back.
#pragma once

#include <sys/mman.h>

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

class ComparesWithNull final : public SmallPool {
 public:
  static constexpr std::string_view name = "compares-with-null";
  using SmallPool::SmallPool;

 private:
  std::byte* grow() override {
    harness::point("grow");
    const std::lock_guard hold(growth_lock_);
    if (std::byte* slice = poll()) return slice;
    if (!charge(region_bytes())) return nullptr;
    std::byte* const base = map();
    void* const returned = base != nullptr ? base : MAP_FAILED;  // as the system call itself
    if (returned == nullptr) return nullptr;
    {
      const std::lock_guard hold_list(lock_);
      publish(static_cast<std::byte*>(returned));
    }
    return poll();
  }
};

class KeepsTheCharge final : public SmallPool {
 public:
  static constexpr std::string_view name = "keeps-the-charge";
  using SmallPool::SmallPool;

 private:
  std::byte* grow() override {
    harness::point("grow");
    const std::lock_guard hold(growth_lock_);
    if (std::byte* slice = poll()) return slice;
    if (!charge(region_bytes())) return nullptr;
    return add_region() ? poll() : nullptr;
  }
};

}  // namespace lifecycles
