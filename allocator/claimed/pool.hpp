// `claimed`, the right one. A slice is handed out by claiming its bit in a word; a region is given
// back by claiming all of its words, each from "every slice free" to "closed". Both are
// compare-and-swaps on the same word, so they exclude each other by construction: there is no count
// of unused slices that could be out of date, and nothing is checked first and acted upon later.
//
// allocate() and release() are one compare-and-swap each, without a lock, as long as there are free
// slices. Growth, sweeps and shutdown share one lock: a sweep may close words for a moment and open
// them again, and a request must not fail because of slices that are away for a moment.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>

#include "allocator/allocator.hpp"
#include "allocator/budget.hpp"
#include "allocator/claimed/layout.hpp"
#include "allocator/claimed/summary.hpp"
#include "allocator/plan.hpp"

namespace allocator::claimed {

class ClaimedPool final : public Pool {
 public:
  explicit ClaimedPool(const Options& options);
  ~ClaimedPool() override;
  ClaimedPool(const ClaimedPool&) = delete;
  ClaimedPool& operator=(const ClaimedPool&) = delete;

  Slice allocate(std::size_t bytes) override;
  // Refuses what is free already, what is no slice of this pool, and what lies in a region that is
  // not mapped. A double release that meets a sweep of its region may be told either
  // `double_release` or `unmapped`.
  Released release(Slice slice) override;
  std::size_t free_unused_regions() override;
  void close() override;
  Statistics statistics() const override;
  Statistics recount() const override;
  std::size_t budget_bytes() const override { return budget_.limit_bytes(); }

 private:
  // The descriptors of a class. They are never moved and never freed while the pool lives, so a
  // late look at the word of a region that is gone finds a closed word.
  struct Descriptors {
    Word* words = nullptr;
    Summary summary{nullptr, nullptr};
    std::uint64_t* mapped = nullptr;  // a bit for each region; guarded by lock_
    std::size_t vacant_from = 0;      // no region below it is vacant; guarded by lock_
    // No word at or above it was ever open. Only grows; written with lock_ held. Whoever reads an
    // old value misses new words in its search, and finds them with the lock.
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
  // From here on with lock_ held.
  int scan(std::size_t size_class, std::size_t& word);
  int grow(std::size_t size_class, std::size_t& word, std::string& refused);

  std::string add_region(std::size_t size_class, bool keep_first_slice, std::size_t& word);
  std::string charge(std::size_t bytes, bool may_reclaim);
  std::size_t lowest_vacant(std::size_t size_class);
  void publish(std::size_t size_class, std::size_t region, bool keep_first_slice);
  std::error_code reclaim(std::size_t wanted_bytes);
  std::size_t free_region(std::size_t size_class, std::size_t region, std::error_code& error);
  void reopen(std::size_t size_class, std::size_t region, std::size_t words);
  std::size_t free_unused(std::error_code& error);

  void free_drained(std::size_t size_class, std::size_t region);

  // Calls `visit(region)` for each mapped region of the class, lowest first, until it returns true.
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
  std::array<Descriptors, size_classes.size()> descriptors_;
  mutable std::mutex lock_;
  bool closed_ = false;  // guarded by lock_
};

}  // namespace allocator::claimed
