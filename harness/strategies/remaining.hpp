// How many events each task still has before it, as earlier executions tell: what a uniform random
// walk draws by. A task stands for those it has yet to create, since one of them cannot go first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/engine/strategy.hpp"

namespace harness {

class Remaining {
 public:
  // `counts`: events of each task in a whole execution.
  void begin(std::span<const std::uint32_t> counts) {
    const std::size_t tasks = std::max(counts.size(), parents_.size());
    parents_.resize(tasks, no_task);
    family_.assign(counts.begin(), counts.end());
    family_.resize(tasks, 0);
    for (std::size_t task = tasks; task-- > 1;)
      if (parents_[task] < task) family_[parents_[task]] += family_[task];
    left_ = family_;
    born_.assign(tasks, false);
    last_ = no_task;
  }

  // Before every choice. `born` is called for a task that its creator stood for until now, with the
  // creator, what it stood for then, and what of that was the new task's.
  template <class Born>
  void look(std::span<const Ready> ready, Born born) {
    for (const Ready& entry : ready) {
      grow(entry.task);
      if (born_[entry.task]) continue;
      born_[entry.task] = true;
      const TaskId parent = parents_[entry.task];
      if (parent < entry.task) {
        const std::uint32_t before = left_[parent];
        left_[parent] -= std::min(before, family_[entry.task]);
        born(entry.task, parent, before, family_[entry.task]);
      }
      parents_[entry.task] = last_;
    }
  }
  void look(std::span<const Ready> ready) {
    look(ready, [](TaskId, TaskId, std::uint32_t, std::uint32_t) {});
  }

  // The task was chosen; `counts`: its event is one of those that are counted.
  void took(TaskId task, bool counts) {
    last_ = task;
    if (counts && left_[task] != 0) --left_[task];
  }

  std::uint32_t of(TaskId task) const { return task < left_.size() ? left_[task] : 0; }
  std::size_t tasks() const { return left_.size(); }

 private:
  void grow(TaskId task) {
    if (task < left_.size()) return;
    const std::size_t tasks = std::size_t{task} + 1;
    parents_.resize(tasks, no_task);
    family_.resize(tasks, 0);
    left_.resize(tasks, 0);
    born_.resize(tasks, false);
  }

  std::vector<TaskId> parents_;         // as seen last; no_task: nobody's
  std::vector<std::uint32_t> family_;   // of a task and all that come from it
  std::vector<std::uint32_t> left_;     // of a task and those that have yet to come from it
  std::vector<bool> born_;
  TaskId last_ = no_task;
};

}  // namespace harness
