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

}  // namespace harness
