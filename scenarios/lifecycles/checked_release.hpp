// SirixDB 55c333119: a release looks whether the slice is lent (`contains`), and takes it off the
// list of lent ones (`remove`) as a second step. Two releases of one slice both find it there.
#pragma once

#include <cstdint>

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

// One region only: a bit for each slice of it.
class ContainsThenRemove final : public SmallPool {
 public:
  static constexpr std::string_view name = "contains-then-remove";
  using SmallPool::SmallPool;

  Slice allocate(std::size_t bytes) override {
    const Slice slice = SmallPool::allocate(bytes);
    lent_ |= bit_of(slice);
    return slice;
  }

  Released release(Slice slice) override {
    if ((lent_ & bit_of(slice)) == 0) return Released::double_release;
    harness::point("checked");
    lent_ &= ~bit_of(slice);
    return SmallPool::release(slice);
  }

 private:
  std::uint64_t bit_of(const Slice& slice) const {
    const std::lock_guard hold(lock_);
    return std::uint64_t{1} << static_cast<std::size_t>(slice.data() - regions_[0]) / page;
  }

  std::atomic<std::uint64_t> lent_{0};
};

}  // namespace lifecycles
