// gperftools #1325: a hook of the user's is called with the allocator's lock held, and allocates.
#pragma once

#include <functional>
#include <utility>

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

class CallsBackLocked final : public SmallPool {
 public:
  static constexpr std::string_view name = "calls-back-locked";
  using SmallPool::SmallPool;

  void on_pressure(std::function<void()> call) { on_pressure_ = std::move(call); }

 private:
  std::byte* grow() override {
    harness::point("grow");
    const std::lock_guard hold(growth_lock_);
    if (std::byte* slice = poll()) return slice;
    if (charge(region_bytes())) return add_region() ? poll() : nullptr;
    on_pressure_();
    return poll();
  }

  std::function<void()> on_pressure_;
};

}  // namespace lifecycles
