// Intervals: disjoint ranges of addresses, each with something known about it. A sorted array that
// keeps its room between executions, because an oracle forgets everything half a million times a
// second.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "harness/engine/event.hpp"

namespace harness {

struct Range {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;  // one past the last
  bool empty() const { return begin >= end; }
  bool overlaps(Range other) const { return begin < other.end && other.begin < end; }
  Range common(Range other) const {
    return {std::max(begin, other.begin), std::min(end, other.end)};
  }
};

// What an event acts on; at least one byte, and never around the end of the address space.
inline Range range_of(const Event& event) {
  const std::uint64_t bytes = std::max<std::uint64_t>(event.bytes, 1);
  const std::uint64_t room = std::numeric_limits<std::uintptr_t>::max() - event.object;
  return {event.object, event.object + std::min(bytes, room)};
}

// The same for calls that map, unmap, protect or discard: whole pages. An empty length is no page.
inline Range pages_of(const Event& event) {
  constexpr std::uintptr_t page = 4096;
  if (event.bytes == 0) return {event.object, event.object};
  const Range range = range_of(event);
  const std::uintptr_t last =
      std::min(range.end, std::numeric_limits<std::uintptr_t>::max() - page);
  return {range.begin & ~(page - 1), (last + page - 1) & ~(page - 1)};
}

template <class T>
class Intervals {
 public:
  struct Entry : Range {
    T what;
  };
  using iterator = typename std::vector<Entry>::iterator;

  void clear() { entries_.clear(); }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  iterator begin() { return entries_.begin(); }
  iterator end() { return entries_.end(); }

  // The first entry that overlaps, nullptr where none does. Those that follow it are next to it.
  Entry* first(Range range) {
    const iterator found = lower(range.begin);
    return found != entries_.end() && found->overlaps(range) ? &*found : nullptr;
  }
  // Calls visit(entry) for every entry that overlaps.
  template <class Visit>
  void each(Range range, Visit visit) {
    for (iterator i = lower(range.begin); i != entries_.end() && i->overlaps(range); ++i) visit(*i);
  }

  // Forgets what is known of `range`; entries that reach beyond it keep the rest.
  void cut(Range range) {
    if (range.empty()) return;
    iterator i = lower(range.begin);
    if (i == entries_.end() || !i->overlaps(range)) return;
    if (i->begin < range.begin) {
      Entry rest = *i;
      i->end = range.begin;
      ++i;
      if (rest.end > range.end) {
        rest.begin = range.end;
        entries_.insert(i, rest);
        return;
      }
    }
    iterator last = i;
    while (last != entries_.end() && last->end <= range.end) ++last;
    if (last != entries_.end() && last->begin < range.end) last->begin = range.end;
    entries_.erase(i, last);
  }

  void set(Range range, const T& what) {
    if (range.empty()) return;
    cut(range);
    Entry entry;
    static_cast<Range&>(entry) = range;
    entry.what = what;
    entries_.insert(lower(range.begin), entry);
  }

 private:
  // The first entry that ends after `address`.
  iterator lower(std::uintptr_t address) {
    return std::lower_bound(entries_.begin(), entries_.end(), address,
                            [](const Entry& entry, std::uintptr_t at) { return entry.end <= at; });
  }

  std::vector<Entry> entries_;
};

}  // namespace harness
