// DuckDB #5818: a charge is added first and taken back where the sum is too high. Of two requests
// of which one fits, both see the sum of both, both take theirs back, and both fail.
#pragma once

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

class AddsThenRollsBack final : public SmallPool {
 public:
  static constexpr std::string_view name = "adds-then-rolls-back";
  using SmallPool::SmallPool;

 private:
  std::byte* grow() override {  // as the base's, but two at a time
    if (!charge(region_bytes())) return poll();
    return add_region() ? poll() : nullptr;
  }

  bool charge(std::size_t bytes) override {
    charged_ += bytes;
    harness::point("charged");
    if (charged_ <= options_.budget_bytes) return true;
    harness::point("too-much");
    charged_ -= bytes;
    return false;
  }
};

}  // namespace lifecycles
