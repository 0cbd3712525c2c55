// How make_strategy() reaches the strategies, a file each.
#pragma once

#include <cstdint>
#include <memory>

#include "harness/engine/strategy.hpp"

namespace harness {

// Every ready entry with the same chance, anew at each step. Never exhausted.
std::unique_ptr<Strategy> make_random(std::uint64_t seed);

// Depth first, until every interleaving has been executed. With `preemptions` >= 0 only those with
// at most so many switches away from a task that could have gone on (Musuvathi and Qadeer,
// "Iterative context bounding", PLDI 2007); to leave a task that has just yielded or slept is none.
std::unique_ptr<Strategy> make_dfs(int preemptions);

// The same with a bound of 0, then 1, 2, ... up to `last_bound` (-1: until nothing is cut off),
// each execution once.
std::unique_ptr<Strategy> make_preemptions(int last_bound);

// One interleaving of each set of those that differ only in the order of events that commute. With
// `preemptions` >= 0 those count whose set has one with at most so many.
std::unique_ptr<Strategy> make_dpor(int preemptions);

// Random priorities of tasks, changed at depth - 1 points; depth 0: 1 to 5 in turn. Never
// exhausted.
std::unique_ptr<Strategy> make_pct(std::uint64_t seed, int depth);

// Random priorities of events, drawn anew where they race. Never exhausted.
std::unique_ptr<Strategy> make_pos(std::uint64_t seed);

}  // namespace harness
