// Which addresses the code under test has mapped just now, and which of them it may touch. Pure
// logic.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>

namespace harness::stress_mode {

class Ranges {
 public:
  void clear() { ranges_.clear(); }
  // [low, high) has protection `prot` from here on, whatever was there.
  void set(std::uintptr_t low, std::uintptr_t high, int prot) {
    remove(low, high);
    if (low < high) ranges_.emplace(low, Range{high, prot});
  }
  void remove(std::uintptr_t low, std::uintptr_t high) {
    if (low >= high) return;
    auto at = ranges_.upper_bound(low);
    if (at != ranges_.begin()) --at;
    while (at != ranges_.end() && at->first < high) {
      const auto [from, range] = *at;
      if (range.high <= low) {
        ++at;
        continue;
      }
      at = ranges_.erase(at);
      if (from < low) ranges_.emplace(from, Range{low, range.prot});
      if (high < range.high) at = ranges_.emplace(high, Range{range.high, range.prot}).first;
    }
  }
  // What of [low, high) is mapped gets `prot`.
  void protect(std::uintptr_t low, std::uintptr_t high, int prot) {
    Ranges changed;
    each(low, high,
         [&](std::uintptr_t from, std::uintptr_t to, int) { changed.set(from, to, prot); });
    for (const auto& [from, range] : changed.ranges_) set(from, range.high, prot);
  }
  // Calls with each mapped part of [low, high) and its protection, lowest first.
  template <class Function>
  void each(std::uintptr_t low, std::uintptr_t high, Function&& function) const {
    auto at = ranges_.upper_bound(low);
    if (at != ranges_.begin()) --at;
    for (; at != ranges_.end() && at->first < high; ++at)
      if (at->second.high > low)
        function(std::max(low, at->first), std::min(high, at->second.high), at->second.prot);
  }
  // Is all of [low, high) mapped?
  bool covers(std::uintptr_t low, std::uintptr_t high) const {
    std::uintptr_t reached = low;
    each(low, high, [&](std::uintptr_t from, std::uintptr_t to, int) {
      if (from == reached) reached = to;
    });
    return reached >= high;
  }

 private:
  struct Range {
    std::uintptr_t high;
    int prot;
  };
  std::map<std::uintptr_t, Range> ranges_;
};

}  // namespace harness::stress_mode
