// What the four historical generations have in common: a queue of free slices for each class, a
// list of regions, growth, budget and shutdown. All of that is right. What made them crash is in
// the hooks below: what a generation counts, when it takes a region for unused, and how it gives
// one back.
//
// Atomics are sequentially consistent throughout, as they were in the original; so none of the
// races is one of memory order.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>

#include "allocator/allocator.hpp"
#include "allocator/budget.hpp"
#include "allocator/historical/region.hpp"
#include "allocator/historical/slice_pool.hpp"
#include "allocator/plan.hpp"

namespace allocator::historical {

class HistoricalPool : public Pool {
 public:
  HistoricalPool(const Options& options, RegionRule rule);
  ~HistoricalPool() override;
  HistoricalPool(const HistoricalPool&) = delete;
  HistoricalPool& operator=(const HistoricalPool&) = delete;

  Slice allocate(std::size_t bytes) final;
  Released release(Slice slice) final;
  std::size_t free_unused_regions() final;
  void close() final;
  Statistics statistics() const final;
  Statistics recount() const final;
  std::size_t budget_bytes() const final { return budget_.limit_bytes(); }

 protected:
  // A slice has been polled and will be handed out.
  virtual void count_allocate(std::byte* slice) = 0;
  // A slice of `region` has been pushed back to its queue.
  virtual void count_release(Region& region) = 0;
  // Whether the generation believes that no slice of `region` is in use.
  virtual bool all_slices_returned(const Region& region) const;
  // Gives a taken region, whose slices have left the queue, back. On an error it is as it was.
  virtual std::error_code give_back(Region& region);
  // Puts the slices of some region that was given back, but not unmapped, into the queue again.
  virtual bool reuse(std::size_t size_class);
  virtual std::unique_ptr<Region> make_region(std::byte* base, std::size_t bytes,
                                              std::size_t size_class);

  // Unmaps a taken region and uncharges it.
  std::error_code unmap(Region& region);
  // Returns the bytes given back: 0 where another thread was first, or on `error`.
  std::size_t free_region(Region& region, std::error_code& error);

  VirtualMemory& memory() { return *plan_.memory; }
  RegionList& regions() { return regions_; }
  SlicePool& slices_of(std::size_t size_class) { return pools_[size_class]; }
  bool closed() const { return closed_.load(); }
  std::size_t growth_regions(std::size_t size_class) const {
    return plan_.growth_regions[size_class];
  }

 private:
  std::byte* grow_and_poll(std::size_t size_class);
  // In the generations' terms everything but the end of the pool is a matter of the budget.
  [[noreturn]] void refuse(std::size_t size_class, std::string_view reason, Shortage shortage);
  std::string grow(std::size_t size_class);
  bool make_room(std::size_t size_class, std::string& refused);
  std::string map_region(std::size_t size_class);
  Statistics statistics_from(const PerClass& free_slices) const;

  const Plan plan_;
  Budget budget_;
  std::atomic<bool> closed_{false};
  RegionList regions_;
  std::array<SlicePool, size_classes.size()> pools_;
  std::array<std::mutex, size_classes.size()> growth_locks_;
};

}  // namespace allocator::historical
