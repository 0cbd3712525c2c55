// A tiny program to drive a Strategy with: tasks are lists of ops, and the runner knows enough of
// locks, spawning and joining to say which tasks are ready. As in the engine, to end is no step. No
// fibers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/engine/strategy.hpp"

namespace harness::model {

struct ModelOp {
  Op op = Op::load;
  int object = 0;        // lock, or task
  int alternatives = 1;  // entries in the ready list
  const char* label = nullptr;
  int variable = 0;  // where it is one of memory: its number, from 1; eight bytes each
};

inline ModelOp load(int variable) { return {Op::load, 0, 1, nullptr, variable}; }
inline ModelOp store(int variable) { return {Op::store, 0, 1, nullptr, variable}; }
inline ModelOp step() { return {Op::load}; }
inline ModelOp yield() { return {Op::yield}; }
inline ModelOp lock(int object) { return {Op::lock, object}; }
inline ModelOp unlock(int object) { return {Op::unlock, object}; }
inline ModelOp spawn(int task) { return {Op::spawn, task}; }
inline ModelOp join(int task) { return {Op::join, task}; }
// As in the engine, one more choice in the middle of a step, which nobody else can come between.
inline ModelOp outcome(int alternatives) { return {Op::map, 0, alternatives}; }
inline ModelOp point(const char* label) { return {Op::point, 0, 1, label}; }
inline ModelOp enter(const char* label) { return {Op::enter, 0, 1, label}; }
inline ModelOp leave(const char* label) { return {Op::leave, 0, 1, label}; }
inline ModelOp choice(int alternatives) { return {Op::wake, 0, alternatives}; }

using Task = std::vector<ModelOp>;
struct Program {
  std::vector<Task> tasks;
  std::vector<std::string> names = {};
};

struct Played {
  std::string text;  // a letter for each step, with the alternative where it is not 0: "aab1b"
  std::vector<Choice> choices;
  bool abandoned = false;
  bool stuck = false;
};

class Runner {
 public:
  explicit Runner(const Program& program) : program_(program) {}

  // nullopt where the strategy has nothing left. `stop_after` cuts the execution off, as a
  // violation does.
  std::optional<Played> run(Strategy& strategy, std::uint64_t execution,
                            std::size_t stop_after = 10'000) {
    if (!strategy.begin(execution)) return {};
    reset();
    Played run;
    TaskId current = no_task;
    for (list_ready(); !ready_.empty() && run.choices.size() < stop_after; list_ready()) {
      const std::size_t index = strategy.next(ready_, current);
      run.abandoned = index == Strategy::abandon;
      if (run.abandoned) break;
      const Ready chosen = ready_.at(index);
      current = chosen.task;
      execute(current);
      const auto alternative = static_cast<std::uint16_t>(chosen.event.alternative);
      run.choices.push_back({current, alternative});
      run.text += static_cast<char>('a' + current);
      if (alternative != 0) run.text += std::to_string(alternative);
    }
    run.stuck = ready_.empty() && unfinished();
    if (ready_.empty() && !run.stuck) strategy.completed();
    strategy.end();
    return run;
  }

  std::string_view name_of(TaskId task) const {
    return task < program_.names.size() && spawned_.at(task) ? program_.names[task]
                                                             : std::string_view{};
  }
  Op blocked_at(TaskId task) const { return ended(task) ? Op::end : pending(task).op; }

 private:
  void reset() {
    const std::size_t count = program_.tasks.size();
    next_.assign(count, 0);
    spawned_.assign(count, true);
    locks_.assign(16, false);
    last_ = no_task;
    for (const Task& task : program_.tasks)
      for (const ModelOp& op : task)
        if (op.op == Op::spawn) spawned_[static_cast<std::size_t>(op.object)] = false;
  }

  bool ended(std::size_t task) const { return next_[task] == program_.tasks[task].size(); }
  bool unfinished() const {
    for (std::size_t task = 0; task < program_.tasks.size(); ++task)
      if (spawned_[task] && !ended(task)) return true;
    return false;
  }

  bool can_run(std::size_t task) const {
    if (!spawned_[task] || ended(task)) return false;
    const ModelOp& op = pending(task);
    if (op.op == Op::lock) return !locks_[static_cast<std::size_t>(op.object)];
    if (op.op == Op::join) return ended(static_cast<std::size_t>(op.object));
    return true;
  }

  void list_ready() {
    ready_.clear();
    if (inside_step()) return add_entries(last_);
    for (std::size_t task = 0; task < program_.tasks.size(); ++task) {
      if (can_run(task)) add_entries(task);
    }
  }

  bool inside_step() const {
    return last_ != no_task && !ended(last_) && pending(last_).op == Op::map;
  }
  const ModelOp& pending(std::size_t task) const { return program_.tasks[task][next_[task]]; }

  void add_entries(std::size_t task) {
    const ModelOp& op = pending(task);
    for (int alternative = 0; alternative < op.alternatives; ++alternative) {
      Ready entry;
      entry.task = entry.event.task = static_cast<TaskId>(task);
      entry.event.op = op.op;
      entry.event.label = op.label;
      if (op.variable != 0) {
        entry.event.object = 0x1000 + 8 * static_cast<std::uintptr_t>(op.variable);
        entry.event.bytes = 8;
      }
      entry.event.alternative = static_cast<std::uint32_t>(alternative);
      ready_.push_back(entry);
    }
  }

  void execute(std::size_t task) {
    const ModelOp& op = program_.tasks[task][next_[task]++];
    last_ = task;
    const auto object = static_cast<std::size_t>(op.object);
    if (op.op == Op::lock) locks_[object] = true;
    if (op.op == Op::unlock) locks_[object] = false;
    if (op.op == Op::spawn) spawned_[object] = true;
  }

  const Program& program_;
  std::vector<std::size_t> next_;
  std::vector<bool> spawned_;
  std::vector<bool> locks_;
  std::vector<Ready> ready_;
  std::size_t last_ = no_task;
};

// All executions until the strategy has nothing left; more than `most` would be a strategy without
// end.
inline std::vector<std::string> all_runs(const Program& program, Strategy& strategy,
                                         std::size_t most = 100'000) {
  Runner runner(program);
  std::vector<std::string> texts;
  while (texts.size() < most) {
    const auto run = runner.run(strategy, texts.size());
    if (!run) break;
    if (!run->abandoned) texts.push_back(run->text);
  }
  return texts;
}

}  // namespace harness::model
