// Shrink: of a failing schedule one that fails in the same way with as few context switches as can
// be found, and then with as few steps. Delta debugging (Zeller and Hildebrandt, "Simplifying and
// isolating failure-inducing input", TSE 2002) over the runs of a schedule by progress, then over
// the tails of its tasks. What is tried is followed loosely, and what is kept is what really ran.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/engine/strategy.hpp"
#include "harness/explore/probe.hpp"

namespace harness {

// Smaller is better: switches first.
struct Size {
  std::uint64_t switches = 0;
  std::uint64_t steps = 0;
  friend auto operator<=>(const Size&, const Size&) = default;
};
Size size_of(std::span<const Choice> choices);

struct Shrunk {
  std::vector<Choice> choices;
  std::uint64_t tried = 0;  // executions
};

// Never worse than `choices`, which must fail. Ends where nothing that is tried helps any more, or
// the effort is spent.
Shrunk shrink(Probe& probe, std::vector<Choice> choices, Effort& effort);

}  // namespace harness
