// Growth by several threads that all found the pool empty. SirixDB 19966acb4: each of them maps.
// SirixDB b6db065e4: each looks once more after its growth, finds that the others have drained what
// it mapped, and gives up ("still empty after growth").
#pragma once

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

class EveryoneMaps final : public SmallPool {
 public:
  static constexpr std::string_view name = "everyone-maps";
  using SmallPool::SmallPool;

 private:
  // That the pool was empty is old news by now, and nobody asks the budget.
  std::byte* grow() override {
    harness::point("grow");
    std::byte* slice = nullptr;
    while (slice == nullptr) {
      charged_ += region_bytes();
      if (!add_region()) return nullptr;
      slice = poll();
    }
    return slice;
  }
};

class PollsOnce final : public SmallPool {
 public:
  static constexpr std::string_view name = "polls-once";
  using SmallPool::SmallPool;

 private:
  std::byte* grow() override {
    harness::point("grow");
    {
      const std::lock_guard hold(growth_lock_);
      if (charge(region_bytes())) add_region();
    }
    harness::point("grown");
    return poll();
  }
};

}  // namespace lifecycles
