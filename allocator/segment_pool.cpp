// SegmentPool and Cache on top of Core, and the thread's own caches.
#include "allocator/segment_pool.hpp"

#include <algorithm>
#include <thread>
#include <vector>

#include "allocator/claimed/core.hpp"

namespace allocator {
namespace {

using Core = claimed::Core<claimed::shipped_shape, no_defects>;

}  // namespace

class detail::Home final : public Core {
 public:
  explicit Home(const Options& options) : Core(options, Magazines::most_slices) {}
};

namespace {

// The caches that thread_cache() has made for this thread, and the one used last, to be found
// without a search. By the pool's number: an address may have been another pool's before.
struct LastUsed {
  std::uint64_t pool = 0;
  detail::Magazines* magazines = nullptr;
};
constinit thread_local LastUsed last_used;

class ThreadCaches {
 public:
  ~ThreadCaches() { last_used = {}; }
  // `make` is only called where there is none yet.
  template <typename Make>
  Cache& of(std::uint64_t pool, Make make) {
    const auto at = std::find_if(caches_.begin(), caches_.end(),
                                 [&](const Entry& entry) { return entry.pool == pool; });
    if (at != caches_.end()) return *at->cache;
    caches_.push_back({pool, std::make_unique<Cache>(make())});
    return *caches_.back().cache;
  }

 private:
  struct Entry {
    std::uint64_t pool;
    std::unique_ptr<Cache> cache;
  };
  std::vector<Entry> caches_;
};
thread_local ThreadCaches thread_caches;

std::size_t checked_class_of(std::size_t bytes) {
  return size_class_of<size_classes.size()>(bytes);
}

}  // namespace

void detail::release_segment(Home& home, const Slice& slice) noexcept {
  if (last_used.pool == home.id()) {
    release_segment(home, *last_used.magazines, slice);
  } else {
    home.release(slice);
  }
}

void detail::release_segment(Home& home, Magazines& cache, const Slice& slice) noexcept {
  home.release_owned(cache, slice);
}

Slice detail::allocate_slowly(Home& home, Magazines& cache, std::size_t bytes) {
  const std::size_t size_class = checked_class_of(bytes);
  claimed::Refusal refusal;
  const Slice slice = home.allocate_from(cache, size_class, refusal);
  if (!slice) home.refuse(size_class, refusal);
  return slice;
}

Slice detail::try_allocate_slowly(Home& home, Magazines& cache, std::size_t bytes) noexcept {
  if (!has_class(bytes)) return {};
  claimed::Refusal refusal;
  return home.allocate_from(cache, class_of(bytes), refusal);
}

Slice detail::untag(Home& home, std::byte* slice, std::size_t bytes) noexcept {
  return {home.untag(slice), bytes};
}

Cache::~Cache() {
  if (magazines_ != nullptr) home_->remove_cache(magazines_);
}

Released detail::release_slowly(Home& home, Magazines& cache, const Slice& slice) noexcept {
  return home.release_into(cache, slice);
}

void Cache::flush() { home_->flush_cache(*magazines_); }

SegmentPool::SegmentPool(const Options& options) : home_(new detail::Home(options)) {}

SegmentPool::~SegmentPool() {
  if (home_->abandon()) delete home_;
}

Segment SegmentPool::allocate(std::size_t bytes) { return {allocate_slice(bytes), home_}; }

Slice SegmentPool::allocate_slice(std::size_t bytes) { return home_->allocate(bytes); }

Segment SegmentPool::try_allocate(std::size_t bytes) noexcept {
  const Slice slice = try_allocate_slice(bytes);
  return {slice, slice ? home_ : nullptr};
}

Slice SegmentPool::try_allocate_slice(std::size_t bytes) noexcept {
  if (!detail::has_class(bytes)) return {};
  claimed::Refusal refusal;
  return home_->try_allocate(detail::class_of(bytes), refusal);
}

Segment SegmentPool::allocate_for(std::size_t bytes, std::chrono::nanoseconds timeout,
                                  const OnPressure& on_pressure) {
  using Clock = std::chrono::steady_clock;
  const std::size_t size_class = checked_class_of(bytes);
  const Clock::time_point start = Clock::now();
  constexpr std::chrono::nanoseconds longest_pause = std::chrono::milliseconds(1);
  std::chrono::nanoseconds pause = std::chrono::microseconds(20);
  for (bool last = false;;) {
    claimed::Refusal refusal;
    const Slice slice = home_->try_allocate(size_class, refusal);
    if (slice) return {slice, home_};
    // A wait is of no use where no release and no purge could help.
    const bool hopeless = refusal.reason == claimed::Refusal::Reason::closed ||
                          refusal.reason == claimed::Refusal::Reason::small_budget;
    if (last || hopeless) home_->refuse(size_class, refusal);
    const bool at_once = on_pressure && on_pressure(size_classes[size_class]);
    // As a difference: a time-out as long as the clock can tell must not wrap round.
    const std::chrono::nanoseconds left = timeout - (Clock::now() - start);
    last = left.count() <= 0;
    if (last || at_once) continue;
    std::this_thread::sleep_for(std::min(pause, left));
    pause = std::min(2 * pause, longest_pause);
  }
}

Released SegmentPool::release(const Slice& slice) noexcept { return home_->release(slice); }

std::size_t SegmentPool::size_of(const void* address) const noexcept {
  return home_->size_of(static_cast<const std::byte*>(address));
}

Cache SegmentPool::make_cache() { return {*home_, *home_->add_cache()}; }

Cache& SegmentPool::thread_cache() {
  Cache& cache = thread_caches.of(home_->id(), [this] { return make_cache(); });
  last_used = {home_->id(), cache.magazines_};
  return cache;
}

std::size_t SegmentPool::free_unused_regions(std::size_t wanted_bytes) {
  return home_->free_unused_regions(wanted_bytes);
}

std::size_t SegmentPool::trim(std::size_t keep_bytes) { return home_->trim(keep_bytes); }

void SegmentPool::set_budget(std::size_t budget_bytes) { home_->set_budget(budget_bytes); }

void SegmentPool::close() { home_->close(); }

Statistics SegmentPool::statistics() const { return home_->statistics(); }

Statistics SegmentPool::recount() const { return home_->recount(); }

std::string SegmentPool::verify() const { return home_->verify(); }

Activity SegmentPool::activity() const { return home_->activity(); }

std::size_t SegmentPool::budget_bytes() const { return home_->budget_bytes(); }

}  // namespace allocator
