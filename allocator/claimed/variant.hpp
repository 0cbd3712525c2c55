// A Core behind the interface that all generations have.
#pragma once

#include "allocator/allocator.hpp"
#include "allocator/claimed/core.hpp"

namespace allocator::claimed {

template <Shape shape, Defects defects>
class VariantCache final : public PoolCache {
 public:
  explicit VariantCache(Core<shape, defects>& core) : core_(core), magazines_(*core.add_cache()) {}
  ~VariantCache() override { core_.remove_cache(&magazines_); }

  Slice allocate(std::size_t bytes) override {
    const std::size_t size_class = size_class_of<shape.classes>(bytes);
    Refusal refusal;
    const Slice slice = core_.allocate_from(magazines_, size_class, refusal);
    if (!slice) core_.refuse(size_class, refusal);
    return slice;
  }
  Released release(Slice slice) override { return core_.release_into(magazines_, slice); }

 private:
  Core<shape, defects>& core_;
  detail::Magazines& magazines_;
};

template <Shape shape, Defects defects>
class Variant final : public Pool {
 public:
  explicit Variant(const Options& options) : core_(options, 0) {}

  Slice allocate(std::size_t bytes) override { return core_.allocate(bytes); }
  Released release(Slice slice) override { return core_.release(slice); }
  std::size_t free_unused_regions() override { return core_.free_unused_regions(); }
  void close() override { core_.close(); }
  Statistics statistics() const override { return core_.statistics(); }
  Statistics recount() const override { return core_.recount(); }
  std::size_t budget_bytes() const override { return core_.budget_bytes(); }
  std::string verify() const override { return core_.verify(); }
  Activity activity() const override { return core_.activity(); }
  std::unique_ptr<PoolCache> make_cache() override {
    return std::make_unique<VariantCache<shape, defects>>(core_);
  }

 private:
  Core<shape, defects> core_;
};

}  // namespace allocator::claimed
