// The plainest drift of all: a counter that several threads change by a load and a store.
#pragma once

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

class LosesUpdates final : public SmallPool {
 public:
  static constexpr std::string_view name = "loses-updates";
  using SmallPool::SmallPool;

 private:
  std::byte* grow() override {  // as the base's, but two at a time
    std::byte* slice = nullptr;
    while (slice == nullptr && charge(region_bytes()) && add_region()) slice = poll();
    return slice;
  }

  bool charge(std::size_t bytes) override {
    const std::size_t charged = charged_;
    if (charged + bytes > options_.budget_bytes) return false;
    harness::point("loaded");
    charged_ = charged + bytes;
    return true;
  }
};

}  // namespace lifecycles
