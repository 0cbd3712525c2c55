// What the strategies have in common: a default choice, and words for a list of ready tasks.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "harness/engine/strategy.hpp"

namespace harness {

// Tells the name of a task id in the running execution; "" where there is none (yet).
using TaskNames = std::function<std::string_view(TaskId)>;

// The task that ran last, where it still can; else the lowest one. Index into `ready`.
std::size_t without_preemption(std::span<const Ready> ready, TaskId current);

// "reader", or "task 2" where there is no name.
std::string task_text(TaskId task, const TaskNames& name_of);
// "reader (lock), reclaimer (wake, alternative 1)"
std::string ready_text(std::span<const Ready> ready, const TaskNames& name_of);

}  // namespace harness
