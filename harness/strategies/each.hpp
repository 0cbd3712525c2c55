// How make_strategy() reaches the strategies, a file each.
#pragma once

#include <cstdint>
#include <memory>

#include "harness/engine/strategy.hpp"
#include "harness/strategies/draws.hpp"

namespace harness {

class Conflicts;

// Every ready entry with the same chance, anew at each step. Never exhausted.
std::unique_ptr<Strategy> make_random(Stream stream);

// Depth first, until every interleaving has been executed. With `preemptions` >= 0 only those with
// at most so many switches away from a task that could have gone on (Musuvathi and Qadeer,
// "Iterative context bounding", PLDI 2007); to leave a task that has just yielded or slept is none.
std::unique_ptr<Strategy> make_dfs(int preemptions, Stream stream = {});

// The same with a bound of 0, then 1, 2, ... up to `last_bound` (-1: until nothing is cut off),
// each execution once.
std::unique_ptr<Strategy> make_preemptions(int last_bound, Stream stream = {});

// The same with a bound on delays: tasks that are passed over.
std::unique_ptr<Strategy> make_delay(int last_bound, Stream stream = {});

// One interleaving of each set of those that differ only in the order of events that commute. With
// `preemptions` >= 0 those count whose set has one with at most so many.
std::unique_ptr<Strategy> make_dpor(int preemptions);

// Random priorities of tasks, changed at depth - 1 points; depth 0: 1 to 5 in turn. Never
// exhausted.
std::unique_ptr<Strategy> make_pct(Stream stream, int depth);

// Random priorities of events, drawn anew where they race. Never exhausted.
std::unique_ptr<Strategy> make_pos(Stream stream);

// Every interleaving with the same chance, as far as the number of events of each task is known.
std::unique_ptr<Strategy> make_urw(Stream stream);

// The same of the events on one object, another one each time.
std::unique_ptr<Strategy> make_surw(Stream stream);

// Constraints between places in the code, kept and mutated where they showed something new. Learns from
// what others note in `conflicts` too.
std::unique_ptr<Strategy> make_feedback(Stream stream, std::shared_ptr<Conflicts> conflicts);

// Some of each, then by what has paid off; a tree that is small, or else those executions of it that have
// at most `preemptions` of them (-1: any number), to the end.
std::unique_ptr<Strategy> make_portfolio(Stream stream, int preemptions);

}  // namespace harness
