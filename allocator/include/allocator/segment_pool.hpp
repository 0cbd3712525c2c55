// The pool to use: page segments of 4 KiB to 256 KiB, handed out to many threads from mapped
// regions that go back to the system as soon as all of a region is unused.
//
//   allocator::SegmentPool pool({.budget_bytes = 1 << 30});
//   auto cache = pool.make_cache();                          // one for each worker
//   allocator::Segment segment = cache.allocate(5000);       // 8192 bytes, aligned to 8192
//   std::memcpy(segment.data(), record, 5000);
//   cache.release(std::move(segment));                       // or let it go out of scope
//   pool.free_unused_regions();
//
// Handles (Segment) give themselves back; slices (Slice) are the same memory without an owner, for
// who keeps addresses elsewhere. Several pools may live side by side; there is no global one.
//
// Threads: every function of SegmentPool may be called by any thread at any time, but for the
// destructor. A Cache is for one thread at a time; what it hands out may be released anywhere.
// Memory order: what was written to a segment before its release happens before the next owner's
// allocation of the same memory returns.
// Cost, measured as in allocator/README.md: a pair of allocation and release takes 2 to 4 ns
// through a cache (plain loads and stores), two compare-and-swaps without one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "allocator/magazines.hpp"
#include "allocator/options.hpp"
#include "allocator/slice.hpp"

namespace allocator {

namespace detail {

class Home;  // the pool itself; lives as long as anything of it is out

// Paths too long to be inline. They know the slice's class by its size.
void release_segment(Home& home, const Slice& slice) noexcept;
void release_segment(Home& home, Magazines& cache, const Slice& slice) noexcept;
Slice allocate_slowly(Home& home, Magazines& cache, std::size_t bytes);
Slice try_allocate_slowly(Home& home, Magazines& cache, std::size_t bytes) noexcept;
Released release_slowly(Home& home, Magazines& cache, const Slice& slice) noexcept;
Slice untag(Home& home, std::byte* slice, std::size_t bytes) noexcept;

}  // namespace detail

// A segment and its owner in one: move-only, given back when it goes out of scope, valid even when
// its pool has been destroyed (the memory stays until the last segment has gone).
class Segment {
 public:
  Segment() = default;
  Segment(Segment&& other) noexcept
      : slice_(other.slice_), home_(std::exchange(other.home_, nullptr)) {}
  Segment& operator=(Segment&& other) noexcept {
    if (this == &other) return *this;
    reset();
    slice_ = other.slice_;
    home_ = std::exchange(other.home_, nullptr);
    return *this;
  }
  ~Segment() { reset(); }

  // Of an empty one: nullptr, 0, an empty span, false.
  std::byte* data() const { return home_ != nullptr ? slice_.data() : nullptr; }
  std::size_t size() const { return home_ != nullptr ? slice_.size() : 0; }  // of the class
  std::span<std::byte> span() const { return {data(), size()}; }
  explicit operator bool() const { return home_ != nullptr; }

  // Gives it back, to the thread's own cache (thread_cache) if it has one. Empty: nothing.
  void reset() noexcept {
    if (home_ != nullptr) detail::release_segment(*std::exchange(home_, nullptr), slice_);
  }
  // Ends the ownership without giving back: the slice is for release() of the pool or of a cache.
  Slice detach() noexcept { return std::exchange(home_, nullptr) != nullptr ? slice_ : Slice(); }

 private:
  friend class Cache;
  friend class SegmentPool;
  Segment(const Slice& slice, detail::Home* home) : slice_(slice), home_(home) {}

  Slice slice_;                   // whose it is only if there is a home
  detail::Home* home_ = nullptr;  // nullptr: empty. So one store ends the ownership
};

// A worker's store of free segments. One thread at a time; any number for a pool. Destruction gives
// back what it keeps; it may outlive the pool. Sweeps take from it what it keeps, so nothing is
// hidden in here from free_unused_regions() or from a request that finds the budget used up.
class Cache {
 public:
  Cache(Cache&& other) noexcept
      : home_(std::exchange(other.home_, nullptr)),
        magazines_(std::exchange(other.magazines_, nullptr)) {}
  Cache& operator=(Cache&&) = delete;
  ~Cache();

  // As those of SegmentPool.
  Segment allocate(std::size_t bytes) { return {allocate_slice(bytes), home_}; }
  Segment try_allocate(std::size_t bytes) noexcept {
    const Slice slice = try_allocate_slice(bytes);
    return {slice, slice ? home_ : nullptr};
  }

  // Of a segment of any thread; of another pool's: it goes there. Empty: nothing.
  void release(Segment&& segment) noexcept {
    if (segment.home_ != home_) [[unlikely]]
      return segment.reset();
    segment.home_ = nullptr;
    const Slice& slice = segment.slice_;
    if (!magazines_->give(detail::class_of_slice(slice.size()), slice.data())) [[unlikely]] {
      detail::release_segment(*home_, *magazines_, slice);
    }
  }

  Slice allocate_slice(std::size_t bytes) {
    const Slice slice = kept(bytes);
    if (slice) [[likely]]
      return slice;
    return detail::allocate_slowly(*home_, *magazines_, bytes);
  }
  Slice try_allocate_slice(std::size_t bytes) noexcept {
    const Slice slice = kept(bytes);
    if (slice) [[likely]]
      return slice;
    return detail::try_allocate_slowly(*home_, *magazines_, bytes);
  }
  // By address. Which misuse it tells is for Options::check to say.
  Released release(const Slice& slice) noexcept {
    const std::size_t size_class = magazines_->class_at(slice.data());
    const bool given =
        size_class < Magazines::classes && magazines_->give(size_class, slice.data());
    return given ? Released::ok : detail::release_slowly(*home_, *magazines_, slice);
  }

  // Gives back what it keeps.
  void flush();

 private:
  friend class SegmentPool;
  using Magazines = detail::Magazines;
  Cache(detail::Home& home, detail::Magazines& magazines) : home_(&home), magazines_(&magazines) {}

  Slice kept(std::size_t bytes) noexcept {
    if (!detail::has_class(bytes)) [[unlikely]]
      return {};
    const std::size_t size_class = detail::class_of(bytes);
    std::byte* const slice = magazines_->take(size_class);
    if (slice == nullptr) [[unlikely]]
      return {};
    const std::size_t class_bytes = size_classes.front() << size_class;
    if (detail::is_tagged(slice)) [[unlikely]]
      return detail::untag(*home_, slice, class_bytes);
    return {slice, class_bytes};
  }

  detail::Home* home_;
  detail::Magazines* magazines_;
};

class SegmentPool {
 public:
  // Reserves addresses (for largest_budget_bytes in each class; less where the system gives less),
  // maps nothing. Throws std::invalid_argument for options that can never work, OutOfMemory
  // (address_space) where there are no addresses at all.
  explicit SegmentPool(const Options& options = {});
  // close(), and never throws. Handles and caches that are still there stay valid, and the memory
  // goes with the last of them. Slices without a handle stay mapped until the process ends.
  ~SegmentPool();
  SegmentPool(const SegmentPool&) = delete;
  SegmentPool& operator=(const SegmentPool&) = delete;

  // A segment of the smallest class that holds `bytes`. Throws std::invalid_argument for 0 and for
  // more than the largest class, OutOfMemory where there is none to be had: no segment of the class
  // was free, not even in a cache, and no region could be mapped, although all unused ones had been
  // freed.
  Segment allocate(std::size_t bytes);
  Slice allocate_slice(std::size_t bytes);
  // The same without exceptions: empty.
  Segment try_allocate(std::size_t bytes) noexcept;
  Slice try_allocate_slice(std::size_t bytes) noexcept;

  // Waits up to `timeout` for memory. Each time there is none it calls `on_pressure` (may be empty)
  // with the bytes wanted and no lock held: it may release, allocate, free regions. True: try again
  // at once; false: nothing to give, wait (1 ms at most between two attempts, so that release needs
  // not wake anybody). Tries once after the time is over. Throws as allocate() does; at once where
  // the pool is closed, and what `on_pressure` throws.
  using OnPressure = std::function<bool(std::size_t bytes)>;
  Segment allocate_for(std::size_t bytes, std::chrono::nanoseconds timeout,
                       const OnPressure& on_pressure = {});

  // By address. See Released; whatever is refused has had no effect. A double release is told even
  // with Check::none unless the slice is in a cache.
  Released release(const Slice& slice) noexcept;

  // The bytes of the slice that would begin at `address`: 0 if that is no slice's of this pool.
  // From the address alone, whether or not memory is behind it.
  std::size_t size_of(const void* address) const noexcept;

  // Costs an allocation of 4 KiB and waits for a sweep that is going on. Throws std::bad_alloc.
  Cache make_cache();
  // The calling thread's, made when it is first asked for and flushed when the thread ends. Handles
  // that go out of scope on this thread go there too. A convenience: an own Cache is faster.
  Cache& thread_cache();

  // Unmaps regions without a slice in use, after taking what caches keep, until `wanted_bytes` have
  // gone. Returns the bytes unmapped. Costs what the kernel takes to unmap (0.2 to 0.4 us for a
  // page that was used); other threads go on meanwhile. Throws std::system_error where the system
  // refuses to take a region back: it stays mapped, usable and counted, and the others have gone.
  std::size_t free_unused_regions(std::size_t wanted_bytes = ~std::size_t{0});
  // The same until no more than `keep_bytes` are mapped.
  std::size_t trim(std::size_t keep_bytes);
  // From now on. Below what is mapped: unused regions go at once, nothing is mapped until enough
  // has come back, and no slice is taken from its owner. Throws std::invalid_argument for 0 and for
  // more than Options::largest_budget_bytes, and as free_unused_regions() does (the budget is set
  // then).
  void set_budget(std::size_t budget_bytes);
  // Refuses requests from now on; what is out stays valid, and each region goes when its last slice
  // comes home. May be called again. Throws as free_unused_regions() does (the pool is closed
  // then).
  void close();

  // Walks over the descriptors without stopping anybody (1 ns for each 32 slices ever mapped).
  Statistics statistics() const;
  // Stops growth and sweeps and walks over everything.
  Statistics recount() const;
  // The same, and says what does not add up; empty: nothing. Meant for moments without other calls
  // under way: it may object to what they have half done.
  std::string verify() const;
  Activity activity() const;
  std::size_t budget_bytes() const;

 private:
  detail::Home* home_;
};

}  // namespace allocator
