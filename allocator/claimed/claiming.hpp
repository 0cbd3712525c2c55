// Core's requests beyond the first compare-and-swap: search by the summary, growth, and the last
// look at everything before a refusal. Included where Core is instantiated.
#pragma once

#include "allocator/claimed/core.hpp"

namespace allocator::claimed {

template <Shape shape, Defects defects>
int Core<shape, defects>::claim_slowly(std::size_t size_class, std::size_t& word,
                                       Refusal& refusal) {
  int slice = search(size_class, word);
  if (slice >= 0) return slice;
  harness::point("grow");
  slice = claim_by_growth(size_class, word, refusal);
  if (slice >= 0) return slice;
  return claim_under_pressure(size_class, word, refusal);
}

template <Shape shape, Defects defects>
void Core<shape, defects>::refuse(std::size_t size_class, const Refusal& refusal) const {
  throw_out_of_memory(worded(refusal), {shortage_of(refusal), size_classes[size_class],
                                        refusal.budget_bytes, refusal.mapped_bytes, 0});
}

template <Shape shape, Defects defects>
Slice Core<shape, defects>::allocate_slowly(std::size_t size_class) {
  Refusal refusal;
  std::size_t& word = hint_for(id_, size_class);
  const int slice = claim_slowly(size_class, word, refusal);
  if (slice < 0) refuse(size_class, refusal);
  return claimed(size_class, word, slice);
}

// Slices of a word have come back to one that had none, or to a closed pool.
template <Shape shape, Defects defects>
void Core<shape, defects>::came_back(std::size_t size_class, std::size_t word, const Word::Put& put,
                                     bool sweeping) {
  if (put.draining) {
    const ClassLayout& layout = layout_.of(size_class);
    if (!sweeping && put.after == layout.all_of(word)) {
      free_drained(size_class, layout.region_of(word));
    }
  } else if (!defects.release_without_summary) {
    descriptors_[size_class].summary.mark(word);
  }
}

// Others may have grown the pool while this request waited: it looks again before it does.
template <Shape shape, Defects defects>
int Core<shape, defects>::claim_by_growth(std::size_t size_class, std::size_t& word,
                                          Refusal& refusal) {
  const std::lock_guard hold(growing_);
  refusal.reason = Refusal::Reason::closed;
  if (closed_) return Word::none;
  if (const int slice = search(size_class, word); slice >= 0) return slice;
  refusal = grow(size_class, word, false);
  return refusal.reason == Refusal::Reason::none ? 0 : Word::none;
}

// Only when the words themselves have been looked at, with growth and sweeps shut out, is a request
// refused; and not while caches keep any, or the summary shows that a slice may have come back
// since. Each further round either claims, or clears the bits that were out of date.
template <Shape shape, Defects defects>
int Core<shape, defects>::claim_under_pressure(std::size_t size_class, std::size_t& word,
                                               Refusal& refusal) {
  const Urgent no_sweeps(*this);
  const std::lock_guard no_growth(growing_);
  const Descriptors& descriptors = descriptors_[size_class];
  const bool for_the_budget = refusal.reason == Refusal::Reason::budget;
  while (!closed_) {
    if constexpr (!defects.out_of_memory_by_summary) {
      if (const int slice = scan(size_class, word); slice >= 0) return slice;
    }
    if (for_the_budget) {
      refusal = grow(size_class, word, true);
      if (refusal.reason == Refusal::Reason::none) return 0;
    }
    if (drain_caches() != 0) continue;
    if (!descriptors.summary.any(descriptors.words_end.load(std::memory_order_relaxed))) break;
    if (const int slice = search(size_class, word); slice >= 0) return slice;
  }
  if (closed_) refusal.reason = Refusal::Reason::closed;
  refusal.budget_bytes = budget_.limit_bytes();
  refusal.mapped_bytes = budget_.charged_bytes();
  ++opened_.requests_refused;
  return Word::none;
}

// By the summary, words after the last one first. A word that somebody else is claiming from is
// passed over as long as there are others.
template <Shape shape, Defects defects>
int Core<shape, defects>::search(std::size_t size_class, std::size_t& word) {
  Descriptors& descriptors = descriptors_[size_class];
  const std::size_t words_end = descriptors.words_end.load(std::memory_order_relaxed);
  const std::size_t groups = Summary::groups(words_end);
  const int turn = static_cast<int>((word + 1) % 64);
  bool contended = true;
  while (contended) {
    contended = false;
    for (std::size_t i = 0; i < groups; ++i) {
      const std::size_t group = (word / 64 + i) % groups;
      std::uint64_t turned = std::rotr(descriptors.summary.group(group), turn);
      for (; turned != 0; turned &= turned - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(turned) + turn) % 64;
        const int slice = descriptors.words[group * 64 + bit].try_claim();
        if (slice >= 0) {
          word = group * 64 + bit;
          return slice;
        }
        if (slice == Word::contended) {
          contended = true;
        } else {
          descriptors.summary.template settle<!defects.clear_without_recheck>(group * 64 + bit);
        }
      }
    }
  }
  return Word::none;
}

// Looks at every word of every mapped region. Sweeps are shut out, so that no slice is away for a
// moment; what other threads hold and give back shows in the summary afterwards.
template <Shape shape, Defects defects>
int Core<shape, defects>::scan(std::size_t size_class, std::size_t& word) {
  Descriptors& descriptors = descriptors_[size_class];
  const ClassLayout& layout = layout_.of(size_class);
  int slice = Word::none;
  any_mapped(size_class, [&](std::size_t region) {
    const std::size_t first = layout.first_word(region);
    for (std::size_t at = first; at < first + layout.used_words; ++at) {
      do {
        slice = descriptors.words[at].try_claim();
      } while (slice == Word::contended);
      if (slice >= 0) {
        word = at;
        return true;
      }
      descriptors.summary.template settle<!defects.clear_without_recheck>(at);
    }
    return false;
  });
  return slice;
}

}  // namespace allocator::claimed
