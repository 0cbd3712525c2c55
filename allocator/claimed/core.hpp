// `claimed`, the right one. A slice is handed out by claiming its bit in a word; a region is given
// back by claiming all of its words, each from "every slice free" to "closed". Both are
// compare-and-swaps on the same word, so they exclude each other by construction: there is no count
// of unused slices that could be out of date, and nothing is checked first and acted upon later.
//
// allocate() and release() are one compare-and-swap each, without a lock, as long as there are free
// slices. Growth has a lock and sweeps have another, so that nobody waits for an unmapping who does
// not need its result. A sweep may close words for a moment and open them again: a request that
// is about to be refused takes both locks and looks at the words themselves.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include "allocator/budget.hpp"
#include "allocator/claimed/forking.hpp"
#include "allocator/claimed/layout.hpp"
#include "allocator/claimed/shape.hpp"
#include "allocator/claimed/summary.hpp"
#include "allocator/defects.hpp"
#include "allocator/magazines.hpp"
#include "allocator/options.hpp"
#include "allocator/plan.hpp"
#include "allocator/slice.hpp"
#include "harness/point.hpp"

namespace allocator::claimed {

// Where this thread last found a slice, for each class and a few pools. Threads part from each
// other by themselves: whoever loses a race for a word looks for its next slice elsewhere, and
// stays there. Nothing but a hint, so a thread keeps it for itself and it costs no atomic
// operation.
struct Hint {
  std::uint64_t pool = 0;
  std::array<std::size_t, size_classes.size()> words{};
};
extern constinit thread_local std::array<Hint, 4> hints;

inline std::size_t& hint_for(std::uint64_t pool, std::size_t size_class) {
  Hint& hint = hints[pool % hints.size()];
  if (hint.pool != pool) [[unlikely]]
    hint = Hint{pool, {}};
  return hint.words[size_class];
}
std::uint64_t next_pool_id();

// Why a request cannot be served.
struct Refusal {
  enum class Reason : std::uint8_t { none, closed, small_budget, budget, addresses, memory, sweep };
  Reason reason = Reason::none;
  std::size_t region_bytes = 0;
  int error_number = 0;  // the system's, of `memory` and `sweep`; an error_code costs more to make
  std::size_t budget_bytes = 0;
  std::size_t mapped_bytes = 0;
};
std::string worded(const Refusal& refusal);
Shortage shortage_of(const Refusal& refusal);

template <Shape shape, Defects defects>
class Core : private Forkable {
 public:
  // `own_cached_slices`: what Options::own_cached_slices stands for.
  Core(const Options& options, std::size_t own_cached_slices);
  ~Core();  // whatever is still out becomes invalid
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  Slice allocate(std::size_t bytes) {
    const std::size_t size_class = size_class_of<shape.classes>(bytes);
    if (const Slice slice = claim_quickly(size_class)) [[likely]]
      return slice;
    return allocate_slowly(size_class);
  }

  // An empty slice, and `refusal`, where there is none to be had.
  Slice try_allocate(std::size_t size_class, Refusal& refusal) {
    if (const Slice slice = claim_quickly(size_class)) [[likely]]
      return slice;
    std::size_t& word = hint_for(id_, size_class);
    const int slice = claim_slowly(size_class, word, refusal);
    return slice < 0 ? Slice() : claimed(size_class, word, slice);
  }

  // Refuses what is free already, what is no slice of this pool, and what lies in a region that is
  // not mapped. A double release that meets a sweep of its region may be told either
  // `double_release` or `closed`.
  Released release(Slice slice) {
    if (checked_) [[unlikely]]
      return release_checked(slice);
    const Place place = layout_.locate(slice.data());
    if (place.result != Released::ok) return place.result;
    return put_back(place.size_class, place.word, std::uint32_t{1} << place.slice);
  }

  // Caches. A cache is for one thread at a time, and lives until it is removed; the pool may be
  // abandoned before.
  detail::Magazines* add_cache();
  void remove_cache(detail::Magazines* cache);
  void flush_cache(detail::Magazines& cache);
  Slice allocate_from(detail::Magazines& cache, std::size_t size_class, Refusal& refusal);
  // `slice` was taken from the cache by take() with its tag.
  std::byte* untag(std::byte* slice);
  Released release_into(detail::Magazines& cache, Slice slice);
  // Of a slice whose owner is known to be its only one.
  void release_owned(detail::Magazines& cache, const Slice& slice);

  // Frees until at least `wanted_bytes` have gone, or nothing is unused.
  std::size_t free_unused_regions(std::size_t wanted_bytes = ~std::size_t{0});
  // Frees until at most `keep_bytes` are mapped, or nothing is unused.
  std::size_t trim(std::size_t keep_bytes);
  void set_budget(std::size_t budget_bytes);
  void close();
  // Before destruction: closes. False where slices or caches are out: then it must not be
  // destroyed; they stay valid, and the last of them takes the memory with it.
  bool abandon();

  Statistics statistics() const;
  Statistics recount() const;
  std::string verify() const;
  Activity activity() const;
  std::size_t budget_bytes() const {
    const std::lock_guard hold(growing_);
    return budget_.limit_bytes();
  }
  std::uint64_t id() const { return id_; }
  std::size_t size_of(const std::byte* address) const {
    const Place place = layout_.locate(address);
    return place.result == Released::ok ? size_classes[place.size_class] : 0;
  }
  [[noreturn]] void refuse(std::size_t size_class, const Refusal& refusal) const;

 private:
  // The descriptors of a class. They are never moved and never freed while the pool lives, so a
  // late look at the word of a region that is gone finds a closed word.
  struct Descriptors {
    Word* words = nullptr;
    Summary summary{nullptr, nullptr};
    // A bit for each region that is mapped or about to be given back; guarded by growing_.
    std::uint64_t* mapped = nullptr;
    std::size_t vacant_from = 0;  // no region below it is vacant; guarded by growing_
    // No word at or above it was ever open. Only grows; written with growing_ held. Whoever reads
    // an old value misses new words in its search, and finds them with the lock.
    std::atomic<std::size_t> words_end{0};
  };
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  struct Registered {
    std::unique_ptr<detail::Magazines> magazines;
    bool frozen = false;
  };
  // sweeping_, for whoever must not wait for ever: sweeps in a loop stand back while there is one.
  class Urgent {
   public:
    explicit Urgent(const Core& core);
    ~Urgent() { core_.sweeping_.unlock(); }
    Urgent(const Urgent&) = delete;
    Urgent& operator=(const Urgent&) = delete;

   private:
    const Core& core_;
  };

  bool reserve(std::error_code& error);
  bool allocate_descriptors();
  bool allocate_tickets();

  // One compare-and-swap where this thread found its last slice.
  Slice claim_quickly(std::size_t size_class) {
    const std::size_t word = hint_for(id_, size_class);
    const int slice = descriptors_[size_class].words[word].try_claim();
    return slice < 0 ? Slice() : claimed(size_class, word, slice);
  }
  // Slice number `slice` of `word` is the caller's.
  Slice claimed(std::size_t size_class, std::size_t word, int slice) {
    harness::point("polled");
    std::byte* const base = layout_.slice(size_class, word, static_cast<unsigned>(slice));
    if (guided_) [[unlikely]]
      return handed_out(base, size_class);
    return {base, size_classes[size_class]};
  }
  [[gnu::noinline]] Slice allocate_slowly(std::size_t size_class);

  // These return the slice's number in its word, or Word::none, and set `word`.
  int claim_slowly(std::size_t size_class, std::size_t& word, Refusal& refusal);
  int search(std::size_t size_class, std::size_t& word);
  int claim_by_growth(std::size_t size_class, std::size_t& word, Refusal& refusal);
  int claim_under_pressure(std::size_t size_class, std::size_t& word, Refusal& refusal);

  // From here on with growing_ held; where sweeps are shut out too, `pressed`.
  int scan(std::size_t size_class, std::size_t& word);
  Refusal grow(std::size_t size_class, std::size_t& word, bool pressed);
  Refusal add_region(std::size_t size_class, bool keep_first_slice, bool pressed,
                     std::size_t& word);
  Refusal charge(std::size_t bytes, bool pressed);
  std::size_t lowest_vacant(std::size_t size_class);
  void publish(std::size_t size_class, std::size_t region, bool keep_first_slice);
  std::error_code reclaim(std::size_t wanted_bytes);
  void vacate(std::size_t size_class, std::size_t region);

  // From here on with sweeping_ held.
  bool close_if_unused(std::size_t size_class, std::size_t region);
  bool unmap_if_unused(std::size_t size_class, std::size_t region, std::error_code& error);
  void reopen(std::size_t size_class, std::size_t region, std::size_t words);
  std::size_t free_region(std::size_t size_class, std::size_t region, std::error_code& error);
  std::size_t free_unused(std::size_t wanted_bytes, std::error_code& error);

  std::size_t drain_caches();
  static bool keeps_nothing(const detail::Magazines& cache);
  std::uint32_t claim_into(detail::Magazines& cache, std::size_t size_class, std::size_t word,
                           bool one_for_caller);

  // Slices of a word have come back. With sweeping_ held it is the sweep that looks whether the
  // region of a closed pool can go.
  Released put_back(std::size_t size_class, std::size_t word, std::uint32_t slices,
                    bool sweeping = false) {
    Descriptors& descriptors = descriptors_[size_class];
    const Word::Put put = descriptors.words[word].put_all(slices);
    if (put.result != Released::ok) return put.result;
    harness::point("pushed");
    if (put.draining || put.first) [[unlikely]]
      came_back(size_class, word, put, sweeping);
    return Released::ok;
  }
  [[gnu::noinline]] void came_back(std::size_t size_class, std::size_t word, const Word::Put& put,
                                   bool sweeping);
  void free_drained(std::size_t size_class, std::size_t region);
  std::size_t sweep(std::size_t wanted_bytes);
  void stand_back() const;

  void give_home(detail::Magazines& cache, std::size_t size_class, std::byte* slice);
  Slice refill(detail::Magazines& cache, std::size_t size_class, Refusal& refusal);
  void put_by_word(std::size_t size_class, std::byte* const* slices, std::size_t count,
                   bool sweeping);

  // The policies, for those pools that have any.
  Slice handed_out(std::byte* base, std::size_t size_class);
  Released release_checked(const Slice& slice);
  Released coming_home(const Slice& slice, const Place& place, bool into_cache);
  void advise(std::byte* base, std::size_t bytes);
  std::atomic_ref<std::uint32_t> ticket(std::size_t size_class, const std::byte* base) const;

  void before_fork() override;
  void after_fork(bool in_child) override;

  void dissolve_if_done();
  void give_reservation_back();
  std::size_t cached_slices() const;
  std::string inconsistency_of(std::size_t size_class, std::size_t region) const;

  // Calls `visit(region)` for each mapped region of the class, lowest first, until it returns true.
  // With growing_ held.
  template <typename Visit>
  bool any_mapped(std::size_t size_class, Visit visit) const {
    const Descriptors& descriptors = descriptors_[size_class];
    const std::size_t words_end = descriptors.words_end.load(std::memory_order_relaxed);
    const std::size_t regions = layout_.of(size_class).region_of(words_end);
    for (std::size_t group = 0; group * 64 < regions; ++group) {
      for (std::uint64_t bits = descriptors.mapped[group]; bits != 0; bits &= bits - 1) {
        if (visit(group * 64 + static_cast<std::size_t>(std::countr_zero(bits)))) return true;
      }
    }
    return false;
  }

  const Plan plan_;
  const std::uint64_t id_;           // of this pool among all there ever were
  const std::size_t cached_slices_;  // that a cache keeps of a class at most
  const bool noting_;                // double releases into caches are told by notes
  const bool guided_;                // every slice that comes and goes is looked at
  const bool checked_;               // either
  Budget budget_;
  Layout layout_;
  std::byte* reservation_ = nullptr;
  std::unique_ptr<std::byte, Free> descriptor_memory_;
  std::unique_ptr<std::uint32_t, Free> tickets_;  // with Check::exact; odd: handed out
  std::array<std::uint32_t*, shape.classes> class_tickets_{};
  std::array<Descriptors, shape.classes> descriptors_;
  // Whoever takes several takes sweeping_ first, then growing_, then registering_.
  mutable std::mutex sweeping_;
  mutable std::mutex growing_;
  mutable std::mutex registering_;
  mutable std::atomic<int> urgent_{0};
  bool closed_ = false;             // guarded by growing_
  std::vector<Registered> caches_;  // changed with sweeping_ and registering_ held
  bool caches_closed_ = false;      // guarded by sweeping_
  std::size_t users_ = 1;           // the pool and its caches; guarded by sweeping_
  bool abandoned_ = false;          // guarded by sweeping_
  Activity opened_;                 // what growth counts; guarded by growing_
  Activity swept_;                  // what sweeps count; guarded by sweeping_
};

extern template class Core<shipped_shape, no_defects>;

}  // namespace allocator::claimed
