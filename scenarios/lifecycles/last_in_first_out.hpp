// SirixDB #1073: a release says which slice by its address alone. Where the slice has been handed
// out again since (and last in, first out that is the very next thing to happen), a late second
// release takes it from its new owner.
#pragma once

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

// One region only; refuses what is free already, so a second release alone does no harm.
class KnowsTheAddressOnly final : public SmallPool {
 public:
  static constexpr std::string_view name = "knows-the-address-only";
  using SmallPool::SmallPool;

  Released release(Slice slice) override {
    const std::lock_guard hold(lock_);
    for (std::size_t i = 0; i < free_count_; ++i) {
      if (free_[i] == slice.data()) return Released::double_release;
    }
    free_[free_count_++] = slice.data();
    return Released::ok;
  }
};

}  // namespace lifecycles
