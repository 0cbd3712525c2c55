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
#include <optional>
#include <string>
#include <system_error>

#include "allocator/allocator.hpp"
#include "allocator/budget.hpp"
#include "allocator/claimed/layout.hpp"
#include "allocator/claimed/shape.hpp"
#include "allocator/claimed/summary.hpp"
#include "allocator/defects.hpp"
#include "allocator/plan.hpp"
#include "harness/point.hpp"

namespace allocator::claimed {

// Where this thread last found a slice, for each class and a few pools. Threads part from each
// other by themselves: whoever loses a race for a word looks for its next slice elsewhere, and
// stays there. Nothing but a hint, so a thread keeps it for itself and it costs no atomic
// operation.
std::size_t& hint_for(std::uint64_t pool, std::size_t size_class);
std::uint64_t next_pool_id();

// Why a request cannot be served.
struct Refusal {
  enum class Reason : std::uint8_t { none, closed, small_budget, budget, addresses, memory, sweep };
  Reason reason = Reason::none;
  std::size_t region_bytes = 0;
  std::error_code error;  // the system's, of `memory` and `sweep`
};
std::string worded(const Refusal& refusal);

template <Shape shape, Defects defects>
class Core {
 public:
  explicit Core(const Options& options);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  Slice allocate(std::size_t bytes) {
    const std::size_t size_class = size_class_of<shape.classes>(bytes);
    std::size_t& word = hint_for(id_, size_class);
    int slice = descriptors_[size_class].words[word].try_claim();
    if (slice < 0) [[unlikely]] {
      slice = claim_slowly(size_class, word);
    }
    harness::point("polled");
    return {layout_.slice(size_class, word, static_cast<unsigned>(slice)),
            size_classes[size_class]};
  }

  // Refuses what is free already, what is no slice of this pool, and what lies in a region that is
  // not mapped. A double release that meets a sweep of its region may be told either
  // `double_release` or `closed`.
  Released release(Slice slice) {
    const Place place = layout_.locate(slice.data());
    if (place.result != Released::ok) return place.result;
    Descriptors& descriptors = descriptors_[place.size_class];
    const Word::Put put = descriptors.words[place.word].put(place.slice);
    if (put.result != Released::ok) return put.result;
    harness::point("pushed");
    if (put.draining) [[unlikely]] {
      const ClassLayout& layout = layout_.of(place.size_class);
      if (put.after == layout.all_of(place.word)) {
        free_drained(place.size_class, layout.region_of(place.word));
      }
    } else if (put.first && !defects.release_without_summary) {
      descriptors.summary.mark(place.word);
    }
    return Released::ok;
  }

  std::size_t free_unused_regions();
  void close();
  Statistics statistics() const;
  Statistics recount() const;
  std::string verify() const;
  std::size_t budget_bytes() const { return budget_.limit_bytes(); }

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

  bool reserve(std::error_code& error);
  bool allocate_descriptors();

  // These return the slice's number in its word, or Word::none, and set `word`.
  int claim_slowly(std::size_t size_class, std::size_t& word);
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
  std::size_t free_unused(std::error_code& error);

  void free_drained(std::size_t size_class, std::size_t region);
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
  const std::uint64_t id_;  // of this pool among all there ever were
  Budget budget_;
  Layout layout_;
  std::byte* reservation_ = nullptr;
  std::unique_ptr<std::byte, Free> descriptor_memory_;
  std::array<Descriptors, shape.classes> descriptors_;
  // Whoever takes both takes sweeping_ first.
  mutable std::mutex sweeping_;
  mutable std::mutex growing_;
  bool closed_ = false;  // guarded by growing_
};

extern template class Core<shipped_shape, no_defects>;

}  // namespace allocator::claimed
