// The life of regions in Core: charged, mapped, published; claimed whole, unmapped, uncharged.
// Included where Core is instantiated.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "allocator/claimed/core.hpp"
#include "allocator/claimed/guard.hpp"
#include "allocator/virtual_memory.hpp"

namespace allocator::claimed {

// The first region must come, and keeps its first slice for the caller: else others might take all
// of it before the caller gets there. The further ones come as far as budget and system allow.
template <Shape shape, Defects defects>
Refusal Core<shape, defects>::grow(std::size_t size_class, std::size_t& word, bool pressed) {
  const Refusal refusal = add_region(size_class, true, pressed, word);
  if (refusal.reason != Refusal::Reason::none) return refusal;
  for (std::size_t i = 1; i < plan_.growth_regions[size_class]; ++i) {
    std::size_t unused_word = 0;
    const Refusal further = add_region(size_class, false, false, unused_word);
    if (further.reason != Refusal::Reason::none) break;
  }
  return {};
}

template <Shape shape, Defects defects>
Refusal Core<shape, defects>::add_region(std::size_t size_class, bool keep_first_slice,
                                         bool pressed, std::size_t& word) {
  const std::size_t bytes = layout_.of(size_class).region_bytes;
  if (const Refusal refusal = charge(bytes, pressed); refusal.reason != Refusal::Reason::none) {
    return refusal;
  }
  const std::size_t region = lowest_vacant(size_class);
  if (region == layout_.of(size_class).regions) {
    budget_.uncharge(bytes);
    return {Refusal::Reason::addresses, bytes};
  }
  harness::point("charged");
  if constexpr (defects.publish_before_map) {
    publish(size_class, region, keep_first_slice);
    harness::point("published");
  }
  std::byte* const base = layout_.region(size_class, region);
  if (const std::error_code error = plan_.memory->commit(base, bytes)) {
    budget_.uncharge(bytes);
    return {Refusal::Reason::memory, bytes, error.value()};
  }
  harness::point("mapped");
  ++opened_.regions_opened;
  advise(base, bytes);
  guard_memory(base, bytes);
  if constexpr (!defects.publish_before_map) publish(size_class, region, keep_first_slice);
  word = layout_.of(size_class).first_word(region);
  return {};
}

// Nobody else charges while growing_ is held, so what reclaim() frees is ours.
template <Shape shape, Defects defects>
Refusal Core<shape, defects>::charge(std::size_t bytes, bool pressed) {
  if (bytes > budget_.limit_bytes()) return {Refusal::Reason::small_budget, bytes};
  if (budget_.try_charge(bytes)) return {};
  std::error_code error;
  if (pressed) error = reclaim(bytes);
  if (pressed && budget_.try_charge(bytes)) return {};
  return {error ? Refusal::Reason::sweep : Refusal::Reason::budget, bytes, error.value()};
}

template <Shape shape, Defects defects>
void Core<shape, defects>::advise(std::byte* base, std::size_t bytes) {
  if (!plan_.huge_pages && plan_.numa_node < 0) return;
  const int node = plan_.numa_node;
  if (plan_.memory->advise(base, bytes, plan_.huge_pages, node)) ++opened_.advice_refused;
}

// Regions are mapped from below: islands all over the reservation would each be a mapping of their
// own, of which the system allows some 65 000.
template <Shape shape, Defects defects>
std::size_t Core<shape, defects>::lowest_vacant(std::size_t size_class) {
  Descriptors& descriptors = descriptors_[size_class];
  const std::size_t regions = layout_.of(size_class).regions;
  std::size_t region = descriptors.vacant_from;
  while (region < regions) {
    const std::uint64_t mapped = descriptors.mapped[region / 64] >> (region % 64);
    const auto taken = static_cast<std::size_t>(std::countr_one(mapped));
    // Shifted in from above are zeros, so a run that ends at the group's end ends there.
    if (taken + region % 64 < 64) {
      region += taken;
      break;
    }
    region = (region / 64 + 1) * 64;
  }
  descriptors.vacant_from = std::min(region, regions);
  return descriptors.vacant_from;
}

// Memory is behind the region: from the moment its words are open, anybody may claim from it.
template <Shape shape, Defects defects>
void Core<shape, defects>::publish(std::size_t size_class, std::size_t region,
                                   bool keep_first_slice) {
  Descriptors& descriptors = descriptors_[size_class];
  const ClassLayout& layout = layout_.of(size_class);
  descriptors.mapped[region / 64] |= std::uint64_t{1} << (region % 64);
  const std::size_t first = layout.first_word(region);
  const std::size_t end = layout.first_word(region + 1);
  if (end > descriptors.words_end.load(std::memory_order_relaxed)) {
    descriptors.words_end.store(end, std::memory_order_relaxed);
  }
  for (std::size_t word = first; word < first + layout.used_words; ++word) {
    std::uint32_t free = layout.all_of(word);
    if (keep_first_slice && word == first) free &= ~std::uint32_t{1};
    descriptors.words[word].open(free);
    if (free != 0) descriptors.summary.mark(word);
  }
}

// Frees unused regions, of whatever class, until there is room for `wanted_bytes`.
template <Shape shape, Defects defects>
std::error_code Core<shape, defects>::reclaim(std::size_t wanted_bytes) {
  std::error_code failed;
  bool enough = false;
  for (std::size_t i = 0; i < shape.classes && !enough; ++i) {
    enough = any_mapped(i, [&](std::size_t region) {
      std::error_code error;
      const bool unmapped = unmap_if_unused(i, region, error);
      if (unmapped) vacate(i, region);
      if (error) failed = error;
      return unmapped && budget_.has_room_for(wanted_bytes);
    });
  }
  return failed;
}

// The region has been unmapped: its place and its charge are free.
template <Shape shape, Defects defects>
void Core<shape, defects>::vacate(std::size_t size_class, std::size_t region) {
  Descriptors& descriptors = descriptors_[size_class];
  descriptors.mapped[region / 64] &= ~(std::uint64_t{1} << (region % 64));
  descriptors.vacant_from = std::min(descriptors.vacant_from, region);
  ++opened_.regions_closed;
  if constexpr (!defects.uncharge_before_unmap) {
    budget_.uncharge(layout_.of(size_class).region_bytes);
  }
}

// Claims every word of the region, or leaves it as it was.
template <Shape shape, Defects defects>
bool Core<shape, defects>::close_if_unused(std::size_t size_class, std::size_t region) {
  Descriptors& descriptors = descriptors_[size_class];
  const ClassLayout& layout = layout_.of(size_class);
  const std::size_t first = layout.first_word(region);
  if constexpr (defects.check_then_act_purge) {
    for (std::size_t i = 0; i < layout.used_words; ++i) {
      if (!descriptors.words[first + i].unused(layout.all_of(first + i))) return false;
    }
    harness::point("checked");
    for (std::size_t i = 0; i < layout.used_words; ++i) {
      descriptors.words[first + i].close_unchecked();
    }
    return true;
  }
  const std::size_t words = defects.close_only_first_word ? 1 : layout.used_words;
  for (std::size_t i = 0; i < words; ++i) {
    if (descriptors.words[first + i].close_if_unused(layout.all_of(first + i))) continue;
    if (i > 0) ++swept_.closes_rolled_back;
    if constexpr (!defects.no_roll_back) reopen(size_class, region, i);
    return false;
  }
  return true;
}

// Returns whether the region is unmapped now: not where a slice of it is in use, and not on
// `error`; then it is as it was.
template <Shape shape, Defects defects>
bool Core<shape, defects>::unmap_if_unused(std::size_t size_class, std::size_t region,
                                           std::error_code& error) {
  if (!close_if_unused(size_class, region)) return false;
  harness::point("claimed");
  const ClassLayout& layout = layout_.of(size_class);
  if constexpr (defects.uncharge_before_unmap) {
    budget_.uncharge(layout.region_bytes);
    harness::point("uncharged");
  }
  std::byte* const base = layout_.region(size_class, region);
  expose_memory(base, layout.region_bytes);
  error = plan_.unmap == Unmap::protect ? plan_.memory->decommit(base, layout.region_bytes)
                                        : plan_.memory->discard(base, layout.region_bytes);
  if (!error) return true;
  guard_memory(base, layout.region_bytes);
  ++swept_.closes_rolled_back;
  reopen(size_class, region, layout.used_words);
  return false;
}

// Gives the first `words` words of a region that were claimed back.
template <Shape shape, Defects defects>
void Core<shape, defects>::reopen(std::size_t size_class, std::size_t region, std::size_t words) {
  Descriptors& descriptors = descriptors_[size_class];
  const ClassLayout& layout = layout_.of(size_class);
  const std::size_t first = layout.first_word(region);
  if constexpr (defects != no_defects) harness::point("rolling-back");
  for (std::size_t word = first; word < first + words; ++word) {
    if constexpr (defects.roll_back_by_store) {
      descriptors.words[word].reopen_by_store(layout.all_of(word));
    } else {
      descriptors.words[word].reopen(layout.all_of(word));
    }
    if constexpr (!defects.roll_back_without_summary) descriptors.summary.mark(word);
  }
}

// Returns the bytes freed: 0 where unmap_if_unused() says so.
template <Shape shape, Defects defects>
std::size_t Core<shape, defects>::free_region(std::size_t size_class, std::size_t region,
                                              std::error_code& error) {
  if (!unmap_if_unused(size_class, region, error)) return 0;
  const std::lock_guard hold(growing_);
  vacate(size_class, region);
  return layout_.of(size_class).region_bytes;
}

// What is mapped while the sweep goes on need not be seen by it, and a region that is being
// published is not unused: its words open one by one, and its first slice may be spoken for.
template <Shape shape, Defects defects>
std::size_t Core<shape, defects>::free_unused(std::size_t wanted_bytes, std::error_code& failed) {
  std::size_t freed_bytes = 0;
  for (std::size_t i = 0; i < shape.classes && freed_bytes < wanted_bytes; ++i) {
    const std::size_t words_end = descriptors_[i].words_end.load(std::memory_order_acquire);
    const std::size_t regions = layout_.of(i).region_of(words_end);
    for (std::size_t region = 0; region < regions && freed_bytes < wanted_bytes; ++region) {
      std::error_code error;
      freed_bytes += free_region(i, region, error);
      if (error) failed = error;
    }
  }
  return freed_bytes;
}

// With sweeping_ held.
template <Shape shape, Defects defects>
std::size_t Core<shape, defects>::sweep(std::size_t wanted_bytes) {
  std::error_code failed;
  drain_caches();
  const std::size_t freed_bytes = free_unused(wanted_bytes, failed);
  if (failed) throw std::system_error(failed, "the system refused to take a region back");
  return freed_bytes;
}

template <Shape shape, Defects defects>
std::size_t Core<shape, defects>::free_unused_regions(std::size_t wanted_bytes) {
  stand_back();
  const std::lock_guard hold(sweeping_);
  return sweep(wanted_bytes);
}

template <Shape shape, Defects defects>
std::size_t Core<shape, defects>::trim(std::size_t keep_bytes) {
  stand_back();
  const std::lock_guard hold(sweeping_);
  const std::size_t charged = budget_.charged_bytes();
  return charged > keep_bytes ? sweep(charged - keep_bytes) : 0;
}

template <Shape shape, Defects defects>
void Core<shape, defects>::set_budget(std::size_t budget_bytes) {
  if (budget_bytes == 0 || budget_bytes > plan_.largest_budget_bytes) {
    throw std::invalid_argument(
        "a budget of " + std::to_string(budget_bytes) + " bytes: this pool takes 1 to " +
        std::to_string(plan_.largest_budget_bytes) + " (largest_budget_bytes)");
  }
  {
    const std::lock_guard hold(growing_);
    budget_.set_limit(budget_bytes);
  }
  trim(budget_bytes);
}

// A release either comes before the drain of its word, and then this sweep sees its slice free; or
// after it, and then it sees that the word is draining and frees the region itself if it was the
// last. Draining does not wait for a sweep: whatever it has closed is draining when it opens again.
template <Shape shape, Defects defects>
void Core<shape, defects>::close() {
  {
    const std::lock_guard hold(growing_);
    closed_ = true;
    for (std::size_t i = 0; i < shape.classes; ++i) {
      const ClassLayout& layout = layout_.of(i);
      any_mapped(i, [&](std::size_t region) {
        const std::size_t first = layout.first_word(region);
        for (std::size_t word = first; word < first + layout.used_words; ++word) {
          descriptors_[i].words[word].drain();
        }
        return false;
      });
    }
  }
  harness::point("closed");
  const Urgent hold(*this);
  caches_closed_ = true;
  for (const Registered& cache : caches_) cache.magazines->ask(detail::Magazines::retired);
  sweep(~std::size_t{0});
}

// The last slice of a word has come home to a closed pool. With several words the one who brings
// the last of all finds all of them full: each has put its slice before it takes the lock. A region
// the system will not take back stays mapped and counted until the pool goes or is swept again.
template <Shape shape, Defects defects>
void Core<shape, defects>::free_drained(std::size_t size_class, std::size_t region) {
  const Urgent hold(*this);
  if (reservation_ == nullptr) return;  // another slice's owner was here first, and it was the last
  std::error_code unheard;
  free_region(size_class, region, unheard);
  if (abandoned_) dissolve_if_done();
}

template <Shape shape, Defects defects>
Core<shape, defects>::Urgent::Urgent(const Core& core) : core_(core) {
  core_.urgent_.fetch_add(1, std::memory_order_relaxed);
  core_.sweeping_.lock();
  core_.urgent_.fetch_sub(1, std::memory_order_relaxed);
}

// A sweep in a loop takes the lock again before anybody it has woken gets there. So it lets those
// go first whom it would keep from working; not for ever, since they may come in a loop too.
template <Shape shape, Defects defects>
void Core<shape, defects>::stand_back() const {
  for (int i = 0; i < 1000 && urgent_.load(std::memory_order_relaxed) != 0; ++i) {
    std::this_thread::yield();
  }
}

}  // namespace allocator::claimed
