#include "harness/strategies/ready.hpp"

#include <fmt/format.h>

namespace harness {

std::size_t without_preemption(std::span<const Ready> ready, TaskId current) {
  for (std::size_t i = 0; i < ready.size(); ++i)
    if (ready[i].task == current) return i;
  return 0;
}

std::string task_text(TaskId task, const TaskNames& name_of) {
  const std::string_view name = name_of ? name_of(task) : std::string_view{};
  return name.empty() ? fmt::format("task {}", task) : std::string(name);
}

std::string ready_text(std::span<const Ready> ready, const TaskNames& name_of) {
  std::string text;
  for (const Ready& entry : ready) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} ({}", task_text(entry.task, name_of), harness::name_of(entry.event.op));
    if (entry.event.op == Op::point && entry.event.label)
      text += fmt::format(" '{}'", entry.event.label);
    if (entry.event.alternative != 0)
      text += fmt::format(", alternative {}", entry.event.alternative);
    text += ")";
  }
  return text;
}

}  // namespace harness
