// A Core behind the interface that all generations have.
#pragma once

#include "allocator/claimed/core.hpp"

namespace allocator::claimed {

template <Shape shape, Defects defects>
class Variant final : public Pool {
 public:
  explicit Variant(const Options& options) : core_(options) {}

  Slice allocate(std::size_t bytes) override { return core_.allocate(bytes); }
  Released release(Slice slice) override { return core_.release(slice); }
  std::size_t free_unused_regions() override { return core_.free_unused_regions(); }
  void close() override { core_.close(); }
  Statistics statistics() const override { return core_.statistics(); }
  Statistics recount() const override { return core_.recount(); }
  std::string verify() const override { return core_.verify(); }
  std::size_t budget_bytes() const override { return core_.budget_bytes(); }

 private:
  Core<shape, defects> core_;
};

}  // namespace allocator::claimed
