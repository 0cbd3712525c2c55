// A schedule by progress: which task goes on, and how far. Unlike counted steps it keeps its
// meaning when a part of it is taken out, because a task that was held up makes up for it the next
// time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "harness/engine/strategy.hpp"

namespace harness {

// `task` goes on until it has taken `upto` steps in all, or can not.
struct Stop {
  static constexpr std::uint32_t as_far_as_it_can = 0xffffffff;
  TaskId task = no_task;
  std::uint32_t upto = as_far_as_it_can;
  friend bool operator==(const Stop&, const Stop&) = default;
};

struct Stops {
  std::vector<Stop> stops;
  // Outcomes other than the first one, by the task and the number of its step, from 0.
  std::map<std::pair<TaskId, std::uint32_t>, std::uint16_t> alternatives;
  friend bool operator==(const Stops&, const Stops&) = default;
};

Stops to_stops(std::span<const Choice> choices);

// Runs `candidates`, one an execution. Never diverges: where a task cannot go on, the next stop's
// turn has come, and after the last one all go on without preemption.
std::unique_ptr<Strategy> follow_stops(std::vector<Stops> candidates);

}  // namespace harness
