// The entries of one task in a ready list: the alternatives of its event, which stand side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "harness/engine/strategy.hpp"
#include "harness/strategies/draws.hpp"

namespace harness {

struct Entries {
  std::size_t first;
  std::size_t count;
};

inline Entries entries_at(std::span<const Ready> ready, std::size_t first) {
  std::size_t end = first + 1;
  while (end < ready.size() && ready[end].task == ready[first].task) ++end;
  return {first, end - first};
}

// One of them, each with the same chance.
inline std::size_t any_of(Entries entries, Draws& draws) {
  if (entries.count == 1) return entries.first;
  return entries.first + draws.below(static_cast<std::uint32_t>(entries.count));
}

}  // namespace harness
