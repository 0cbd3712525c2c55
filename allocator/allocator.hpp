// A pool of page segments: `mmap`ed regions cut into equal slices of one size class, handed out to
// many threads, given back to the system when a whole region is unused. Five generations of it
// stand behind one interface, four of them broken the way their history was (see the incident
// report's variants in variants()), one right: `claimed`. The interface serves to compare them;
// who wants to use `claimed` takes SegmentPool (segment_pool.hpp).
#pragma once

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "allocator/options.hpp"
#include "allocator/slice.hpp"

namespace allocator {

// A worker's store of free slices in front of a pool. One thread at a time; released slices may
// come from anywhere in the pool. Destruction gives everything back; it may come after the pool's.
class PoolCache {
 public:
  virtual ~PoolCache() = default;
  virtual Slice allocate(std::size_t bytes) = 0;
  virtual Released release(Slice slice) = 0;
};

// Every call may be made by any thread at any time, but for the destructor: slices still out when
// it runs become invalid. What an owner wrote before release() happens before whatever the next
// owner of the same slice does.
class Pool {
 public:
  virtual ~Pool() = default;
  // Throws std::invalid_argument (size 0 or above the largest class), OutOfMemory.
  virtual Slice allocate(std::size_t bytes) = 0;
  // The slice is known by its address alone. Whatever is refused has had no effect.
  virtual Released release(Slice slice) = 0;
  // Gives every region without a slice in use back to the system. Returns the bytes unmapped (or
  // discarded, for `madvise-reuse`). Throws std::system_error where the system refuses to take a
  // region back: that region stays mapped, pooled and counted; the others have gone all the same.
  virtual std::size_t free_unused_regions() = 0;
  // Shutdown: refuses new requests. Historical variants unmap everything at once; in `claimed`
  // regions with slices out go when their last slice comes home. Throws like free_unused_regions();
  // may be called again.
  virtual void close() = 0;
  virtual Statistics statistics() const = 0;
  virtual Statistics recount() const = 0;
  virtual std::size_t budget_bytes() const = 0;

  // What only `claimed` has.
  // What does not add up, as a sentence; empty: nothing. While other calls are under way it may
  // object to what they have half done.
  virtual std::string verify() const { return {}; }
  virtual Activity activity() const { return {}; }
  // Keeps slices only if Options::cached_slices says how many. Not to outlive the pool.
  virtual std::unique_ptr<PoolCache> make_cache() {
    throw std::logic_error("this generation of the pool has no caches");
  }
};

// "shared-arena", "uncounted-alloc", "documented-fix", "madvise-reuse", "claimed".
std::span<const std::string_view> variants();
// Throws std::invalid_argument for an unknown variant or impossible options.
std::unique_ptr<Pool> make(std::string_view variant, const Options& options = {});

}  // namespace allocator
