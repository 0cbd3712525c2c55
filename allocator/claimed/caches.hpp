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
  const Urgent no_sweeps(*this);
  const std::lock_guard hold(registering_);
  if (caches_closed_) made->ask(Magazines::retired);
  caches_.push_back({std::move(made), 0, false});
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
  std::byte* const slice = cache.template take<defects.owner_mark_after_taking>(size_class, heeded);
  if (slice == nullptr) return refill(cache, size_class, refusal);
  std::byte* const base = untag(slice);
  if (guided_) return handed_out(base, size_class);
  return {base, size_classes[size_class]};
}

// Takes what it can get of one word, up to half of what the cache holds: one slice for the caller,
// the others for later. Where the cache is not the worker's just now, they go back.
template <Shape shape, Defects defects>
Slice Core<shape, defects>::refill(detail::Magazines& cache, std::size_t size_class,
                                   Refusal& refusal) {
  std::size_t& word = hint_for(id_, size_class);
  Descriptors& descriptors = descriptors_[size_class];
  const std::size_t wanted = (cache.capacity(size_class) + 1) / 2;
  std::uint32_t bits = wanted == 0 ? 0 : descriptors.words[word].try_claim_up_to(wanted);
  if (bits == 0) {
    const int slice = claim_slowly(size_class, word, refusal);
    if (slice < 0) return {};
    bits = std::uint32_t{1} << slice;
    if (wanted > 1) bits |= descriptors.words[word].try_claim_up_to(wanted - 1);
  }
  const auto first = static_cast<unsigned>(std::countr_zero(bits));
  std::uint32_t refused = 0;
  // The highest one first, so that they are handed out in the order of their addresses.
  for (std::uint32_t left = bits & (bits - 1); left != 0;) {
    const auto slice = static_cast<unsigned>(31 - std::countl_zero(left));
    left &= ~(std::uint32_t{1} << slice);
    constexpr std::uint32_t heeded = detail::Magazines::frozen | detail::Magazines::retired;
    if (!cache.give(size_class, layout_.slice(size_class, word, slice), heeded)) {
      refused |= std::uint32_t{1} << slice;
    }
  }
  if (refused != 0) put_back(size_class, word, refused);
  harness::point("polled");
  std::byte* const base = layout_.slice(size_class, word, first);
  if (guided_) return handed_out(base, size_class);
  return {base, size_classes[size_class]};
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
  Word& word = descriptors_[place.size_class].words[place.word];
  if (plan_.check != Check::none) {
    const Released out = word.whether_out(place.slice);
    if (out != Released::ok) return out;
  }
  if (guided_ || noting_) {
    const Released checked = coming_home(slice, place);
    if (checked != Released::ok) return checked;
  }
  if (noting_) word.set_note(place.slice);
  give_home(cache, place.size_class, noting_ ? detail::tagged(slice.data()) : slice.data());
  return Released::ok;
}

template <Shape shape, Defects defects>
void Core<shape, defects>::release_owned(detail::Magazines& cache, const Slice& slice) {
  const Place place = layout_.locate(slice.data());
  if (guided_) static_cast<void>(coming_home(slice, place));
  give_home(cache, place.size_class, slice.data());
}

// Full: the older half makes room, for those used last are the warm ones. Not ours just now, or for
// ever: past it.
template <Shape shape, Defects defects>
void Core<shape, defects>::give_home(detail::Magazines& cache, std::size_t size_class,
                                     std::byte* slice) {
  constexpr std::uint32_t heeded = detail::Magazines::frozen | detail::Magazines::retired;
  if (cache.give(size_class, slice, heeded)) return;
  std::array<std::byte*, detail::Magazines::most_slices> oldest;
  const std::size_t half = (cache.capacity(size_class) + 1) / 2;
  const std::size_t taken = cache.take_oldest(size_class, half, oldest.data());
  if (taken != 0) {
    put_by_word(size_class, oldest.data(), taken, false);
    if (cache.give(size_class, slice, heeded)) return;
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

// With sweeping_ held. One barrier for all of them; the workers find their way past a cache that is
// frozen, so nobody waits for the purger, and the purger waits for a few instructions at most.
template <Shape shape, Defects defects>
void Core<shape, defects>::drain_caches() {
  using detail::Magazines;
  if (caches_.empty()) return;
  bool any_frozen = false;
  for (Registered& cache : caches_) {
    cache.frozen = cache.magazines->mark() != cache.drained_at;
    if (!cache.frozen) continue;
    cache.magazines->ask(Magazines::frozen);
    any_frozen = true;
  }
  if (!any_frozen) return;
  process_barrier();
  std::array<std::byte*, Magazines::most_slices> slices;
  for (Registered& cache : caches_) {
    if (!cache.frozen) continue;
    Magazines& magazines = *cache.magazines;
    while (Magazines::in_operation(cache.drained_at = magazines.mark())) {
      std::this_thread::yield();
    }
    for (std::size_t i = 0; i < shape.classes; ++i) {
      put_by_word(i, slices.data(), magazines.empty(i, slices.data()), true);
    }
    magazines.thaw();
    ++swept_.caches_drained;
  }
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
