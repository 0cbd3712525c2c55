// What Core does with each slice that comes and goes where a policy or a memory checker wants it:
// tickets, notes, zeros, poison. Included where Core is instantiated.
#pragma once

#include <cstring>

#include "allocator/claimed/core.hpp"
#include "allocator/claimed/guard.hpp"

namespace allocator::claimed {

template <Shape shape, Defects defects>
Slice Core<shape, defects>::handed_out(std::byte* base, std::size_t size_class) {
  const std::size_t bytes = size_classes[size_class];
  const bool zeroed = plan_.zero == Zero::always || plan_.zero == Zero::on_release;
  expose_slice(this, base, bytes, zeroed);
  if (plan_.zero == Zero::always) std::memset(base, 0, bytes);
  if (plan_.check != Check::exact) return {base, bytes};
  // Nobody else may change it: the slice is the caller's, and a release with an old ticket fails.
  const std::uint32_t issued = ticket(size_class, base).load(std::memory_order_relaxed) + 1;
  ticket(size_class, base).store(issued, std::memory_order_relaxed);
  return {base, bytes, issued};
}

template <Shape shape, Defects defects>
Released Core<shape, defects>::release_checked(const Slice& slice) {
  const Place place = layout_.locate(slice.data());
  if (place.result != Released::ok) return place.result;
  const Released checked = coming_home(slice, place, false);
  if (checked != Released::ok) return checked;
  return put_back(place.size_class, place.word, std::uint32_t{1} << place.slice);
}

// Before a slice is put back: into a word, which tells most misuse by itself, or into a cache.
// Where the client has no ticket (the slice was put together from an address) only double releases
// can be told.
template <Shape shape, Defects defects>
Released Core<shape, defects>::coming_home(const Slice& slice, const Place& place,
                                           bool into_cache) {
  const Word& word = descriptors_[place.size_class].words[place.word];
  if (noting_ && word.noted(place.slice)) return Released::double_release;
  if (!guided_ && !into_cache) return Released::ok;
  if (const Released out = word.whether_out(place.slice); out != Released::ok) {
    const bool gone = out == Released::closed || plan_.check != Check::exact;
    if (gone || slice.ticket() == 0) return out;
  }
  if (!guided_) return Released::ok;
  if (plan_.check == Check::exact) {
    const auto issued = ticket(place.size_class, slice.data());
    std::uint32_t seen = issued.load(std::memory_order_relaxed);
    if (slice.ticket() != 0 && slice.ticket() != seen) {
      return slice.ticket() + 1 == seen ? Released::double_release : Released::stale;
    }
    if (seen % 2 == 0) return Released::double_release;
    if (!issued.compare_exchange_strong(seen, seen + 1, std::memory_order_relaxed)) {
      return Released::double_release;
    }
  }
  const std::size_t bytes = size_classes[place.size_class];
  if (plan_.zero == Zero::on_release) std::memset(slice.data(), 0, bytes);
  guard_slice(this, slice.data(), bytes);
  return Released::ok;
}

template <Shape shape, Defects defects>
std::atomic_ref<std::uint32_t> Core<shape, defects>::ticket(std::size_t size_class,
                                                            const std::byte* base) const {
  return std::atomic_ref(class_tickets_[size_class][layout_.number(size_class, base)]);
}

}  // namespace allocator::claimed
