// The life of regions in `claimed`: charged, mapped, published; claimed whole, unmapped, uncharged.
// Everything here runs with the pool's lock held.
#include <algorithm>

#include "allocator/claimed/pool.hpp"
#include "allocator/virtual_memory.hpp"
#include "harness/point.hpp"

namespace allocator::claimed {

// Looks at every word of every mapped region. The lock keeps sweeps out, so that no slice is away
// for a moment; what other threads hold and give back shows in the summary afterwards.
int ClaimedPool::scan(std::size_t size_class, std::size_t& word) {
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
      descriptors.summary.settle(at);
    }
    return false;
  });
  return slice;
}

// The first region must come, and keeps its first slice for the caller: else others might take all
// of it before the caller gets there. The further ones come as far as budget and system allow.
int ClaimedPool::grow(std::size_t size_class, std::size_t& word, std::string& refused) {
  refused = add_region(size_class, true, word);
  if (!refused.empty()) return Word::none;
  for (std::size_t i = 1; i < plan_.growth_regions[size_class]; ++i) {
    std::size_t unused_word = 0;
    if (!add_region(size_class, false, unused_word).empty()) break;
  }
  return 0;
}

// Returns why it could not; empty: it could.
std::string ClaimedPool::add_region(std::size_t size_class, bool keep_first_slice,
                                    std::size_t& word) {
  const std::size_t bytes = layout_.of(size_class).region_bytes;
  if (std::string refused = charge(bytes, keep_first_slice); !refused.empty()) return refused;
  const std::size_t region = lowest_vacant(size_class);
  if (region == layout_.of(size_class).regions) {
    budget_.uncharge(bytes);
    return "all addresses reserved for the class are in use";
  }
  harness::point("charged");
  std::byte* const base = layout_.region(size_class, region);
  if (const std::error_code error = plan_.memory->commit(base, bytes)) {
    budget_.uncharge(bytes);
    return "the system refused to map " + std::to_string(bytes) + " bytes: " + error.message();
  }
  harness::point("mapped");
  publish(size_class, region, keep_first_slice);
  word = layout_.of(size_class).first_word(region);
  return {};
}

// Returns why it could not; empty: it could. Nobody else charges while we hold the lock, so what
// reclaim() frees is ours.
std::string ClaimedPool::charge(std::size_t bytes, bool may_reclaim) {
  if (bytes > budget_.limit_bytes()) {
    return "the budget is smaller than one region of " + std::to_string(bytes) + " bytes";
  }
  if (budget_.try_charge(bytes)) return {};
  std::error_code error;
  if (may_reclaim) error = reclaim(bytes);
  if (budget_.try_charge(bytes)) return {};
  if (error) return "the system refused to take a region back: " + error.message();
  return "the budget is used up";
}

// Regions are mapped from below: islands all over the reservation would each be a mapping of their
// own, of which the system allows some 65 000.
std::size_t ClaimedPool::lowest_vacant(std::size_t size_class) {
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
void ClaimedPool::publish(std::size_t size_class, std::size_t region, bool keep_first_slice) {
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
std::error_code ClaimedPool::reclaim(std::size_t wanted_bytes) {
  std::error_code failed;
  bool enough = false;
  for (std::size_t i = 0; i < size_classes.size() && !enough; ++i) {
    enough = any_mapped(i, [&](std::size_t region) {
      std::error_code error;
      const std::size_t freed_bytes = free_region(i, region, error);
      if (error) failed = error;
      return freed_bytes != 0 && budget_.has_room_for(wanted_bytes);
    });
  }
  return failed;
}

// Claims every word of the region, then unmaps it. Returns the bytes freed: 0 where a slice of it
// is in use, or on `error`; then it is as it was.
std::size_t ClaimedPool::free_region(std::size_t size_class, std::size_t region,
                                     std::error_code& error) {
  Descriptors& descriptors = descriptors_[size_class];
  const ClassLayout& layout = layout_.of(size_class);
  const std::size_t first = layout.first_word(region);
  for (std::size_t i = 0; i < layout.used_words; ++i) {
    if (descriptors.words[first + i].close_if_unused(layout.all_of(first + i))) continue;
    reopen(size_class, region, i);
    return 0;
  }
  harness::point("claimed");
  error = plan_.memory->decommit(layout_.region(size_class, region), layout.region_bytes);
  if (error) {
    reopen(size_class, region, layout.used_words);
    return 0;
  }
  descriptors.mapped[region / 64] &= ~(std::uint64_t{1} << (region % 64));
  descriptors.vacant_from = std::min(descriptors.vacant_from, region);
  budget_.uncharge(layout.region_bytes);
  return layout.region_bytes;
}

// Gives the first `words` words of a region that were claimed back.
void ClaimedPool::reopen(std::size_t size_class, std::size_t region, std::size_t words) {
  Descriptors& descriptors = descriptors_[size_class];
  const ClassLayout& layout = layout_.of(size_class);
  const std::size_t first = layout.first_word(region);
  for (std::size_t word = first; word < first + words; ++word) {
    descriptors.words[word].reopen(layout.all_of(word), closed_);
    if (!closed_) descriptors.summary.mark(word);
  }
}

std::size_t ClaimedPool::free_unused(std::error_code& failed) {
  std::size_t freed_bytes = 0;
  for (std::size_t i = 0; i < size_classes.size(); ++i) {
    any_mapped(i, [&](std::size_t region) {
      std::error_code error;
      freed_bytes += free_region(i, region, error);
      if (error) failed = error;
      return false;
    });
  }
  return freed_bytes;
}

std::size_t ClaimedPool::free_unused_regions() {
  std::error_code failed;
  const std::lock_guard hold(lock_);
  const std::size_t freed_bytes = free_unused(failed);
  if (failed) throw std::system_error(failed, "the system refused to take a region back");
  return freed_bytes;
}

// A release either comes before the drain of its word, and then this sweep sees its slice free; or
// after it, and then it sees that the word is draining and frees the region itself if it was the
// last.
void ClaimedPool::close() {
  std::error_code failed;
  const std::lock_guard hold(lock_);
  closed_ = true;
  for (std::size_t i = 0; i < size_classes.size(); ++i) {
    const ClassLayout& layout = layout_.of(i);
    any_mapped(i, [&](std::size_t region) {
      const std::size_t first = layout.first_word(region);
      for (std::size_t word = first; word < first + layout.used_words; ++word) {
        descriptors_[i].words[word].drain();
      }
      return false;
    });
  }
  harness::point("closed");
  free_unused(failed);
  if (failed) throw std::system_error(failed, "the system refused to take a region back");
}

// The last slice of a word has come home to a closed pool. With several words the one who brings
// the last of all finds all of them full: each has put its slice before it takes the lock. A region
// the system will not take back stays mapped and counted until the pool goes or is swept again.
void ClaimedPool::free_drained(std::size_t size_class, std::size_t region) {
  const std::lock_guard hold(lock_);
  std::error_code unheard;
  free_region(size_class, region, unheard);
}

}  // namespace allocator::claimed
