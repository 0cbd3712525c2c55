// A pool that tells the harness what its client sees: which slices are handed out and given back,
// what it promised, when it was closed. It decorates any generation of the allocator, which knows
// nothing of it. It adds no synchronisation of its own: no race of the pool's is hidden by it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "allocator/allocator.hpp"
#include "harness/observe.hpp"

namespace scenarios {

// A worker's cache of an observed pool: for the harness its slices are the pool's.
class ObservedCache final : public allocator::PoolCache {
 public:
  ObservedCache(const void* pool, std::unique_ptr<allocator::PoolCache> cache)
      : pool_(pool), cache_(std::move(cache)) {}

  allocator::Slice allocate(std::size_t bytes) override {
    harness::observe::asked(pool_);
    const allocator::Slice slice = cache_->allocate(bytes);
    harness::observe::given(pool_, slice.data(), slice.size());
    return slice;
  }

  allocator::Released release(allocator::Slice slice) override {
    harness::observe::returning(slice.data());
    const allocator::Released result = cache_->release(slice);
    harness::observe::returned(slice.data(), result == allocator::Released::ok);
    return result;
  }

 private:
  const void* pool_;
  std::unique_ptr<allocator::PoolCache> cache_;
};

class ObservedPool final : public allocator::Pool {
 public:
  explicit ObservedPool(std::unique_ptr<allocator::Pool> pool) : pool_(std::move(pool)) {
    harness::observe::budget(this, pool_->budget_bytes());
  }

  allocator::Slice allocate(std::size_t bytes) override {
    harness::observe::asked(this);
    const allocator::Slice slice = pool_->allocate(bytes);
    harness::observe::given(this, slice.data(), slice.size());
    return slice;
  }

  allocator::Released release(allocator::Slice slice) override {
    harness::observe::returning(slice.data());
    const allocator::Released result = pool_->release(slice);
    harness::observe::returned(slice.data(), result == allocator::Released::ok);
    return result;
  }

  std::size_t free_unused_regions() override { return pool_->free_unused_regions(); }

  // Told afterwards: a request that began while close() was under way may still be served.
  void close() override {
    pool_->close();
    harness::observe::pool_closed(this);
  }

  allocator::Statistics statistics() const override { return pool_->statistics(); }
  allocator::Statistics recount() const override { return pool_->recount(); }
  std::string verify() const override { return pool_->verify(); }
  allocator::Activity activity() const override { return pool_->activity(); }
  std::unique_ptr<allocator::PoolCache> make_cache() override {
    return std::make_unique<ObservedCache>(this, pool_->make_cache());
  }
  std::size_t budget_bytes() const override { return pool_->budget_bytes(); }

  // At a quiet point (no call is under way): every figure of the pool against a recount, and the
  // slices out against what the caller knows to be out.
  void check_accounts(std::size_t slices_out) const {
    const allocator::Statistics said = pool_->statistics();
    const allocator::Statistics anew = pool_->recount();
    tell("regions", said.regions, anew.regions);
    tell("mapped bytes", said.mapped_bytes, anew.mapped_bytes);
    for (std::size_t i = 0; i < free_labels.size(); ++i) {
      tell(free_labels[i], said.free_slices[i], anew.free_slices[i]);
    }
    tell("slices out", said.slices_out, anew.slices_out);
    tell("slices out, by the client's count", said.slices_out, slices_out);
  }

  // At a quiet point: what the pool itself finds that does not add up.
  void check_verified() const {
    const std::string wrong = pool_->verify();
    if (!wrong.empty()) harness::observe::violated("accounting-drift", wrong.c_str());
  }

 private:
  // Eleven figures that agree are not worth an observation each, in every execution.
  static void tell(const char* what, std::uint64_t said, std::uint64_t anew) {
    if (said != anew) harness::observe::counted(what, said, anew);
  }

  // Static storage, as observe::counted() wants it.
  static constexpr std::array<const char*, allocator::size_classes.size()> free_labels = {
      "free slices of 4 KiB",  "free slices of 8 KiB",  "free slices of 16 KiB",
      "free slices of 32 KiB", "free slices of 64 KiB", "free slices of 128 KiB",
      "free slices of 256 KiB"};

  std::unique_ptr<allocator::Pool> pool_;
};

// A pool of the generation `variant`. Throws std::invalid_argument as allocator::make() does.
inline std::unique_ptr<ObservedPool> observed(std::string_view variant,
                                              const allocator::Options& options) {
  return std::make_unique<ObservedPool>(allocator::make(variant, options));
}

}  // namespace scenarios
