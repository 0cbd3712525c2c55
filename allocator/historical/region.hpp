// The record of one mapped region, and the list of all of them, as the historical generations kept
// them. A record is never destroyed while its pool lives (some 100 bytes for each region ever
// mapped), so that the only memory that dies is the region itself: a bug seen is the documented
// one.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "allocator/plan.hpp"

namespace allocator::historical {

struct Region {
  Region(std::byte* region_base, std::size_t region_bytes, std::size_t region_class)
      : base(region_base),
        bytes(region_bytes),
        size_class(region_class),
        total_slices(region_bytes / size_classes[region_class]),
        unused_slices(total_slices) {}
  virtual ~Region() = default;

  bool contains(const std::byte* address) const {
    return std::less_equal<>{}(base, address) && std::less<>{}(address, base + bytes);
  }

  std::byte* const base;
  const std::size_t bytes;
  const std::size_t size_class;
  const std::size_t total_slices;
  // What it counts is what the generations differ in.
  std::atomic<std::size_t> unused_slices;

  // live: its slices are handed out. taken: one thread is about to publish, unmap, discard or reuse
  // it. idle: mapped, without contents, waiting for reuse.
  enum class State : unsigned char { live, taken, idle };
  State state = State::taken;  // guarded by the list's lock
};

class RegionList {
 public:
  Region& add(std::unique_ptr<Region> region);  // taken by the caller, who publishes it
  // Makes a taken region live, and lets `push` put its slices into their queue in the same step: no
  // sweep sees the one without the other, and nobody who polls one of them misses its region.
  void publish(Region& region, const std::function<void()>& push);
  // The live region that `address` lies in: a walk over all of them. nullptr: none.
  Region* find(const std::byte* address) const;
  // All for which `wanted` holds, collected under the lock. A reference to a taken one stays valid.
  std::vector<Region*> collect(const std::function<bool(const Region&)>& wanted) const;
  // From `from` to taken. False where another thread was first, so that a region is freed once.
  bool take(Region& region, Region::State from);
  Region* take_idle(std::size_t size_class);  // the oldest of the class; nullptr: none
  void put_aside(Region& region);             // from taken to idle
  void forget(Region& region);                // it has been unmapped

  struct Totals {
    std::size_t regions = 0;
    std::size_t mapped_bytes = 0;
    PerClass live_slices{};
  };
  Totals totals() const;
  std::size_t size() const;
  // For the pool's destructor: what is still mapped.
  const std::vector<Region*>& left_over() const { return mapped_; }

 private:
  mutable std::mutex lock_;
  std::vector<std::unique_ptr<Region>> records_;  // of every region there ever was
  std::vector<Region*> mapped_;
};

}  // namespace allocator::historical
