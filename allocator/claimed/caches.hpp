// Core's side of the caches: filled from a word by one compare-and-swap, emptied word by word,
// drained by sweeps. For everything below, the slices of a cache are handed out. Included where
// Core is instantiated.
#pragma once

#include <algorithm>
#include <thread>

#include "allocator/claimed/barrier.hpp"
#include "allocator/claimed/core.hpp"
#include "allocator/claimed/guard.hpp"

namespace allocator::claimed {

template <Shape shape, Defects defects>
detail::Magazines* Core<shape, defects>::add_cache() {
  using detail::Magazines;
  constexpr std::array<std::size_t, size_classes.size()> most = {64, 64, 32, 32, 16, 8, 8};
  auto made = std::make_unique<Magazines>();
  const bool keeps = has_process_barrier();
  for (std::size_t i = 0; i < shape.classes; ++i) {
    made->set_capacity(i, keeps ? std::min(cached_slices_, most[i]) : 0);
  }
  if (guided_) made->ask(Magazines::guided);
  if (plan_.check == Check::none) layout_.tell_addresses(*made);
  const Urgent no_sweeps(*this);
  const std::lock_guard hold(registering_);
  if (caches_closed_) made->ask(Magazines::retired);
  caches_.push_back({std::move(made), false});
  ++users_;
  return caches_.back().magazines.get();
}

// The caller is its worker, so nobody is in operation; and no sweep is.
template <Shape shape, Defects defects>
void Core<shape, defects>::remove_cache(detail::Magazines* cache) {
  flush_cache(*cache);
  const Urgent no_sweeps(*this);
  {
    const std::lock_guard hold(registering_);
    std::erase_if(caches_, [&](const Registered& at) { return at.magazines.get() == cache; });
  }
  --users_;
  if (abandoned_) dissolve_if_done();
}

template <Shape shape, Defects defects>
void Core<shape, defects>::flush_cache(detail::Magazines& cache) {
  std::array<std::byte*, detail::Magazines::most_slices> slices;
  const Urgent no_sweeps(*this);
  for (std::size_t i = 0; i < shape.classes; ++i) {
    put_by_word(i, slices.data(), cache.empty(i, slices.data()), true);
  }
  if (caches_closed_) {
    std::error_code unheard;
    free_unused(~std::size_t{0}, unheard);
  }
}

template <Shape shape, Defects defects>
Slice Core<shape, defects>::allocate_from(detail::Magazines& cache, std::size_t size_class,
                                          Refusal& refusal) {
  using detail::Magazines;
  constexpr std::uint32_t heeded = Magazines::frozen | Magazines::retired;
  std::byte* const slice = cache.template take<defects.owner_mark_after_taking>(
      size_class, heeded, [] { harness::point("taking"); });
  if (slice == nullptr) return refill(cache, size_class, refusal);
  std::byte* const base = untag(slice);
  if (guided_) return handed_out(base, size_class);
  return {base, size_classes[size_class]};
}

template <Shape shape, Defects defects>
Slice Core<shape, defects>::refill(detail::Magazines& cache, std::size_t size_class,
                                   Refusal& refusal) {
  std::size_t& word = hint_for(id_, size_class);
  std::uint32_t bits = claim_into(cache, size_class, word, true);
  if (bits == 0) {
    const int slice = claim_slowly(size_class, word, refusal);
    if (slice < 0) return {};
    bits = std::uint32_t{1} << slice;
    claim_into(cache, size_class, word, false);
  }
  return claimed(size_class, word, std::countr_zero(bits));
}

// Takes what it can get of one word, up to half of what the cache holds. In one operation: no
// purger and no request under pressure finds the slices on their way. Returns the bit of the
// caller's.
template <Shape shape, Defects defects>
std::uint32_t Core<shape, defects>::claim_into(detail::Magazines& cache, std::size_t size_class,
                                               std::size_t word, bool one_for_caller) {
  using detail::Magazines;
  const std::size_t half = (cache.capacity(size_class) + 1) / 2;
  const std::size_t wanted = one_for_caller || half == 0 ? half : half - 1;
  if (wanted == 0 || !cache.enter(Magazines::frozen | Magazines::retired)) return 0;
  const std::uint32_t bits = descriptors_[size_class].words[word].try_claim_up_to(wanted);
  const std::uint32_t callers = one_for_caller ? bits & (~bits + 1) : 0;
  // The highest one first, so that they are handed out in the order of their addresses. There is
  // room: the cache was empty.
  for (std::uint32_t left = bits & ~callers; left != 0;) {
    const auto slice = static_cast<unsigned>(31 - std::countl_zero(left));
    left &= ~(std::uint32_t{1} << slice);
    cache.put(size_class, layout_.slice(size_class, word, slice));
  }
  cache.leave();
  return callers;
}

template <Shape shape, Defects defects>
std::byte* Core<shape, defects>::untag(std::byte* slice) {
  if (!detail::is_tagged(slice)) return slice;
  std::byte* const base = detail::untagged(slice);
  const Place place = layout_.locate(base);
  descriptors_[place.size_class].words[place.word].clear_note(place.slice);
  return base;
}

template <Shape shape, Defects defects>
Released Core<shape, defects>::release_into(detail::Magazines& cache, Slice slice) {
  const Place place = layout_.locate(slice.data());
  if (place.result != Released::ok) return place.result;
  if (cache.capacity(place.size_class) == 0) return release(slice);
  if (checked_) {
    const Released checked = coming_home(slice, place, true);
    if (checked != Released::ok) return checked;
  }
  if (noting_) descriptors_[place.size_class].words[place.word].set_note(place.slice);
  give_home(cache, place.size_class, noting_ ? detail::tagged(slice.data()) : slice.data());
  return Released::ok;
}

template <Shape shape, Defects defects>
void Core<shape, defects>::release_owned(detail::Magazines& cache, const Slice& slice) {
  const Place place = layout_.locate(slice.data());
  if (guided_) static_cast<void>(coming_home(slice, place, true));
  give_home(cache, place.size_class, slice.data());
}

// Full: the older half makes room, for those used last are the warm ones; in one operation, as in
// claim_into(). Not ours just now, or for ever: past it.
template <Shape shape, Defects defects>
void Core<shape, defects>::give_home(detail::Magazines& cache, std::size_t size_class,
                                     std::byte* slice) {
  using detail::Magazines;
  const std::size_t half = (cache.capacity(size_class) + 1) / 2;
  if (half != 0 && cache.enter(Magazines::frozen | Magazines::retired)) {
    if (!cache.put(size_class, slice)) {
      std::array<std::byte*, Magazines::most_slices> oldest;
      const std::size_t taken = cache.take_oldest(size_class, half, oldest.data());
      // Where the pool is being closed, its sweep waits for this operation and sees what it did.
      put_by_word(size_class, oldest.data(), taken, true);
      cache.put(size_class, slice);
    }
    return cache.leave();
  }
  put_by_word(size_class, &slice, 1, false);
}

// Slices of a cache are most often neighbours: those of one word go back together.
template <Shape shape, Defects defects>
void Core<shape, defects>::put_by_word(std::size_t size_class, std::byte* const* slices,
                                       std::size_t count, bool sweeping) {
  std::array<std::size_t, detail::Magazines::most_slices> words;
  std::array<std::uint32_t, detail::Magazines::most_slices> bits;
  for (std::size_t i = 0; i < count; ++i) {
    const Place place = layout_.locate(untag(slices[i]));
    words[i] = place.word;
    bits[i] = std::uint32_t{1} << place.slice;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (bits[i] == 0) continue;
    std::uint32_t together = bits[i];
    for (std::size_t j = i + 1; j < count; ++j) {
      if (words[j] != words[i]) continue;
      together |= bits[j];
      bits[j] = 0;
    }
    put_back(size_class, words[i], together, sweeping);
  }
}

template <Shape shape, Defects defects>
bool Core<shape, defects>::keeps_nothing(const detail::Magazines& cache) {
  for (std::size_t i = 0; i < shape.classes; ++i) {
    if (cache.count(i) != 0) return false;
  }
  return !cache.in_operation();
}

// With sweeping_ held. Returns how many slices came back. One barrier for all caches; the workers
// find their way past one that is frozen, so nobody waits for the purger, and the purger waits for
// a few instructions at most. A cache that keeps nothing is left alone: so its worker gets an
// operation done between any two drains, however tight the purger's loop is.
template <Shape shape, Defects defects>
std::size_t Core<shape, defects>::drain_caches() {
  using detail::Magazines;
  bool any_frozen = false;
  for (Registered& cache : caches_) {
    cache.frozen = !keeps_nothing(*cache.magazines);
    if (!cache.frozen) continue;
    cache.magazines->ask(Magazines::frozen);
    any_frozen = true;
  }
  if (!any_frozen) return 0;
  process_barrier();
  std::array<std::byte*, Magazines::most_slices> slices;
  std::size_t drained = 0;
  for (Registered& cache : caches_) {
    if (!cache.frozen) continue;
    Magazines& magazines = *cache.magazines;
    while (magazines.in_operation()) std::this_thread::yield();
    for (std::size_t i = 0; i < shape.classes; ++i) {
      const std::size_t count = magazines.empty(i, slices.data());
      put_by_word(i, slices.data(), count, true);
      drained += count;
    }
    magazines.thaw();
    ++swept_.caches_drained;
  }
  return drained;
}

template <Shape shape, Defects defects>
std::size_t Core<shape, defects>::cached_slices() const {
  if (cached_slices_ == 0) return 0;
  const std::lock_guard hold(registering_);
  std::size_t cached = 0;
  for (const Registered& cache : caches_) {
    for (std::size_t i = 0; i < shape.classes; ++i) cached += cache.magazines->count(i);
  }
  return cached;
}

}  // namespace allocator::claimed
