// A small machine to drive a Strategy with: tasks are lists of instructions on shared variables,
// locks, semaphores and conditions, with a register each, so that what one task does depends on
// what another one did. It tells the strategy all that the engine does, and says for each execution
// which Mazurkiewicz trace it belongs to, computed in the plainest way from dependent() alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/engine/strategy.hpp"
#include "harness/strategies/dependence.hpp"

namespace harness::machine {

enum class Do : std::uint8_t {
  load,
  store,
  store_sum,
  add,
  exchange,
  cas,
  lock,
  unlock,
  try_lock,
  lock_shared,
  unlock_shared,
  try_lock_shared,
  semaphore_wait,
  semaphore_try,
  semaphore_post,
  wait,
  notify_one,
  notify_all,
  spawn,
  join,
  choose,
  yield,
  // no events: done along with the one before
  skip_unless,  // the register is `value`, else leaves out the next `count` instructions
  assume,       // the same, else the task is stuck for ever
};

struct Instruction {
  Do what;
  int object = 0;
  int value = 0;   // written, added, wanted
  int wanted = 0;  // cas: expected; wait: the mutex; skip_unless: how many
};
using Code = std::vector<Instruction>;

inline Instruction load(int variable) { return {Do::load, variable}; }
inline Instruction store(int variable, int value = 1) { return {Do::store, variable, value}; }
inline Instruction store_sum(int variable, int more) { return {Do::store_sum, variable, more}; }
inline Instruction add(int variable, int more = 1) { return {Do::add, variable, more}; }
inline Instruction exchange(int variable, int value) { return {Do::exchange, variable, value}; }
inline Instruction cas(int variable, int expected, int value) {
  return {Do::cas, variable, value, expected};
}
inline Instruction lock(int mutex) { return {Do::lock, mutex}; }
inline Instruction unlock(int mutex) { return {Do::unlock, mutex}; }
inline Instruction try_lock(int mutex) { return {Do::try_lock, mutex}; }
inline Instruction lock_shared(int mutex) { return {Do::lock_shared, mutex}; }
inline Instruction unlock_shared(int mutex) { return {Do::unlock_shared, mutex}; }
inline Instruction try_lock_shared(int mutex) { return {Do::try_lock_shared, mutex}; }
inline Instruction semaphore_wait(int id) { return {Do::semaphore_wait, id}; }
inline Instruction semaphore_try(int id) { return {Do::semaphore_try, id}; }
inline Instruction semaphore_post(int id) { return {Do::semaphore_post, id}; }
inline Instruction wait(int condition, int mutex) { return {Do::wait, condition, 0, mutex}; }
inline Instruction notify_one(int condition) { return {Do::notify_one, condition}; }
inline Instruction notify_all(int condition) { return {Do::notify_all, condition}; }
inline Instruction spawn(int task) { return {Do::spawn, task}; }
inline Instruction join(int task) { return {Do::join, task}; }
inline Instruction choose(int outcomes) { return {Do::choose, 0, outcomes}; }
inline Instruction yield() { return {Do::yield}; }
inline Instruction skip_unless(int value, int count) { return {Do::skip_unless, 0, value, count}; }
inline Instruction assume(int value) { return {Do::assume, 0, value}; }

struct Program {
  std::vector<Code> tasks;
  std::array<int, 8> variables{};
  std::array<int, 4> semaphores{};
  std::vector<Event> alone{};  // what the last task does when the others have ended: no steps
};

// An execution: its trace as text (equal for equal traces), what is in memory in the end.
struct Outcome {
  std::string trace;
  std::string state;
  std::string text;  // the tasks in their order, a letter each
  std::vector<Choice> choices;
  bool stuck = false;
  bool abandoned = false;
};

class Machine {
 public:
  explicit Machine(const Program& program) : program_(program) {}

  // nullopt where the strategy has nothing left.
  std::optional<Outcome> run(Strategy& strategy, std::uint64_t execution,
                             std::size_t stop_after = 10'000);

 private:
  struct Task {
    std::size_t next = 0;
    int held = 0;  // the register
    bool exists = true;
    bool sleeps = false;       // on a condition
    bool takes_again = false;  // notified: what comes is to take the mutex
    int mutex = 0;             // the one to take again
    bool stuck = false;
    bool told = false;  // the strategy knows that it is blocked
    std::size_t notified_by = none;
  };
  struct Lock {
    int owner = -1;
    int readers = 0;
  };
  struct Done {
    Event event;
    std::size_t after = none;
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  void reset();
  bool ended(std::size_t task) const { return tasks_[task].next >= program_.tasks[task].size(); }
  const Instruction& at(std::size_t task) const { return program_.tasks[task][tasks_[task].next]; }
  Event pending(std::size_t task) const;
  bool can_run(std::size_t task) const;
  void list_ready(Strategy& strategy);
  void execute(std::size_t task, Event& event, Strategy& strategy);
  void act_on_memory(std::size_t task, const Instruction& now, Event& event);
  void act_on_lock(std::size_t task, const Instruction& now, Event& event);
  void act_on_semaphore(std::size_t task, const Instruction& now, Event& event);
  void notify(const Instruction& now, std::size_t step);
  void go_on(std::size_t task);
  bool is_alone(std::size_t task) const;
  void go_on_alone(std::size_t task, Strategy& strategy);
  Outcome outcome(bool abandoned) const;

  const Program& program_;
  std::vector<Task> tasks_;
  std::array<int, 8> variables_{};
  std::array<Lock, 8> locks_{};
  std::array<int, 4> semaphores_{};
  std::vector<Ready> ready_;
  std::vector<Done> done_;
};

inline void Machine::reset() {
  tasks_.assign(program_.tasks.size(), {});
  variables_ = program_.variables;
  semaphores_ = program_.semaphores;
  locks_ = {};
  done_.clear();
  for (const Code& code : program_.tasks)
    for (const Instruction& instruction : code)
      if (instruction.what == Do::spawn)
        tasks_[static_cast<std::size_t>(instruction.object)].exists = false;
}

inline Event Machine::pending(std::size_t task) const {
  const auto place = [](int kind, int number) {
    return static_cast<std::uintptr_t>(kind * 0x1000 + number * 64);
  };
  Event event;
  event.task = static_cast<TaskId>(task);
  if (tasks_[task].takes_again) {
    event.op = Op::lock;
    event.object = place(2, tasks_[task].mutex);
    return event;
  }
  const Instruction& now = at(task);
  static constexpr Op ops[] = {Op::load,
                               Op::store,
                               Op::store,
                               Op::rmw,
                               Op::rmw,
                               Op::cas,
                               Op::lock,
                               Op::unlock,
                               Op::try_lock,
                               Op::lock_shared,
                               Op::unlock_shared,
                               Op::try_lock_shared,
                               Op::semaphore_wait,
                               Op::semaphore_wait,
                               Op::semaphore_post,
                               Op::wait,
                               Op::notify,
                               Op::notify,
                               Op::spawn,
                               Op::join,
                               Op::once,
                               Op::yield};
  event.op = ops[static_cast<std::size_t>(now.what)];
  if (now.what <= Do::cas) {
    event.object = place(1, now.object);
    event.bytes = 8;
  } else if (now.what <= Do::try_lock_shared) {
    event.object = place(2, now.object);
  } else if (now.what <= Do::semaphore_post) {
    event.object = place(3, now.object);
    event.bytes = now.what == Do::semaphore_try ? 1 : 0;
  } else if (now.what <= Do::notify_all) {
    event.object = place(4, now.object);
  } else if (now.what == Do::choose) {
    event.op = Op::point;
  }
  if (now.what == Do::cas) event.before = static_cast<std::uint64_t>(now.wanted);
  if (now.what == Do::wait) event.value = place(2, now.wanted);
  if (now.what == Do::join) event.value = static_cast<std::uint64_t>(now.object);
  return event;
}

inline bool Machine::can_run(std::size_t task) const {
  const Task& me = tasks_[task];
  if (!me.exists || me.sleeps || me.stuck) return false;
  const auto is_free = [&](int lock) {
    const Lock& wanted = locks_[static_cast<std::size_t>(lock)];
    return wanted.owner < 0 && wanted.readers == 0;
  };
  if (me.takes_again) return is_free(me.mutex);
  if (ended(task)) return false;
  const Instruction& now = at(task);
  const auto object = static_cast<std::size_t>(now.object);
  if (now.what == Do::lock) return is_free(now.object);
  if (now.what == Do::lock_shared) return locks_[object].owner < 0;
  if (now.what == Do::semaphore_wait) return semaphores_[object] > 0;
  if (now.what == Do::join) return tasks_[object].exists && ended(object);
  return true;
}

inline void Machine::list_ready(Strategy& strategy) {
  ready_.clear();
  for (std::size_t task = 0; task < tasks_.size(); ++task) {
    Task& me = tasks_[task];
    if (!can_run(task)) {
      const bool waits = me.exists && !me.sleeps && !me.stuck && (me.takes_again || !ended(task));
      if (waits && !me.told) strategy.blocked(pending(task));
      me.told = waits;
      continue;
    }
    me.told = false;
    const Event event = pending(task);
    const int outcomes = !me.takes_again && at(task).what == Do::choose ? at(task).value : 1;
    for (int alternative = 0; alternative < outcomes; ++alternative) {
      ready_.push_back({static_cast<TaskId>(task), event});
      ready_.back().event.alternative = static_cast<std::uint32_t>(alternative);
    }
  }
}

inline void Machine::act_on_memory(std::size_t task, const Instruction& now, Event& event) {
  int& variable = variables_[static_cast<std::size_t>(now.object)];
  event.before = static_cast<std::uint64_t>(variable);
  event.failed = now.what == Do::cas && variable != now.wanted;
  const int before = variable;
  if (now.what == Do::store || now.what == Do::exchange || (now.what == Do::cas && !event.failed))
    variable = now.value;
  if (now.what == Do::store_sum) variable = tasks_[task].held + now.value;
  if (now.what == Do::add) variable += now.value;
  if (now.what == Do::cas)
    tasks_[task].held = event.failed ? 0 : 1;
  else if (now.what != Do::store && now.what != Do::store_sum)
    tasks_[task].held = before;
  event.value = static_cast<std::uint64_t>(event.failed ? now.value : variable);
}

inline void Machine::act_on_lock(std::size_t task, const Instruction& now, Event& event) {
  Lock& lock = locks_[static_cast<std::size_t>(now.object)];
  if (now.what == Do::try_lock) event.failed = lock.owner >= 0 || lock.readers != 0;
  if (now.what == Do::try_lock_shared) event.failed = lock.owner >= 0;
  if (now.what == Do::try_lock || now.what == Do::try_lock_shared)
    tasks_[task].held = event.failed ? 0 : 1;
  if (event.failed) return;
  if (now.what == Do::lock || now.what == Do::try_lock) lock.owner = static_cast<int>(task);
  if (now.what == Do::unlock) lock.owner = -1;
  if (now.what == Do::lock_shared || now.what == Do::try_lock_shared) ++lock.readers;
  if (now.what == Do::unlock_shared) --lock.readers;
}

inline void Machine::act_on_semaphore(std::size_t task, const Instruction& now, Event& event) {
  int& count = semaphores_[static_cast<std::size_t>(now.object)];
  event.before = static_cast<std::uint64_t>(count);
  event.failed = now.what == Do::semaphore_try && count == 0;
  if (now.what == Do::semaphore_try) tasks_[task].held = event.failed ? 0 : 1;
  if (!event.failed) count += now.what == Do::semaphore_post ? 1 : -1;
}

inline void Machine::notify(const Instruction& now, std::size_t step) {
  for (std::size_t task = 0; task < tasks_.size(); ++task) {
    Task& other = tasks_[task];
    if (!other.sleeps || at(task).object != now.object) continue;
    other.sleeps = false;
    other.takes_again = true;
    other.mutex = at(task).wanted;
    other.notified_by = step;
    if (now.what == Do::notify_one) return;
  }
}

inline void Machine::execute(std::size_t task, Event& event, Strategy& strategy) {
  Task& me = tasks_[task];
  Done done{event, none};
  if (me.takes_again) {
    locks_[static_cast<std::size_t>(me.mutex)].owner = static_cast<int>(task);
    done.after = me.notified_by;
    me.takes_again = false;
  } else {
    const Instruction& now = at(task);
    if (now.what <= Do::cas)
      act_on_memory(task, now, event);
    else if (now.what <= Do::try_lock_shared)
      act_on_lock(task, now, event);
    else if (now.what <= Do::semaphore_post)
      act_on_semaphore(task, now, event);
    if (now.what == Do::choose) me.held = static_cast<int>(event.alternative);
    if (now.what == Do::spawn) {
      event.value = static_cast<std::uint64_t>(now.object);
      tasks_[static_cast<std::size_t>(now.object)].exists = true;
    }
    if (now.what == Do::notify_one || now.what == Do::notify_all) notify(now, done_.size());
    if (now.what == Do::wait) {
      locks_[static_cast<std::size_t>(now.wanted)].owner = -1;
      me.sleeps = true;
    }
  }
  done.event = event;
  done_.push_back(done);
  if (strategy.watches().has(event.op)) strategy.executed(event);
  if (!me.sleeps) go_on(task);
}

// Past the instruction, and those that are no events.
inline void Machine::go_on(std::size_t task) {
  Task& me = tasks_[task];
  for (++me.next; !ended(task); ++me.next) {
    const Instruction& now = at(task);
    if (now.what != Do::skip_unless && now.what != Do::assume) return;
    const bool holds = me.held == now.value;
    if (now.what == Do::assume && !holds) {
      me.stuck = true;
      return;
    }
    if (now.what == Do::skip_unless && !holds) me.next += static_cast<std::size_t>(now.wanted);
  }
}

// The only one that has not ended.
inline bool Machine::is_alone(std::size_t task) const {
  for (std::size_t other = 0; other < tasks_.size(); ++other) {
    const bool over = !tasks_[other].exists || (ended(other) && !tasks_[other].takes_again);
    if (other != task && !over) return false;
  }
  return true;
}

// As in the engine: whoever comes to an event when nobody else is left executes it unasked.
inline void Machine::go_on_alone(std::size_t task, Strategy& strategy) {
  while (is_alone(task) && can_run(task) && at(task).what != Do::choose) {
    Event event = pending(task);
    execute(task, event, strategy);
  }
}

inline std::optional<Outcome> Machine::run(Strategy& strategy, std::uint64_t execution,
                                           std::size_t stop_after) {
  if (!strategy.begin(execution)) return {};
  reset();
  TaskId current = no_task;
  bool abandoned = false;
  std::vector<Choice> choices;
  for (list_ready(strategy); !ready_.empty() && done_.size() < stop_after; list_ready(strategy)) {
    const std::size_t index = strategy.next(ready_, current);
    abandoned = index == Strategy::abandon;
    if (abandoned) break;
    Event event = ready_.at(index).event;
    current = event.task;
    choices.push_back({current, static_cast<std::uint16_t>(event.alternative)});
    execute(current, event, strategy);
    go_on_alone(current, strategy);
  }
  for (const Event& event : program_.alone)
    if (strategy.watches().has(event.op)) strategy.executed(event);
  Outcome result = outcome(abandoned);
  result.choices = std::move(choices);
  if (!abandoned && !result.stuck) strategy.completed();
  strategy.end();
  return result;
}

// Each event with the set of those before it.
inline Outcome Machine::outcome(bool abandoned) const {
  Outcome result;
  result.abandoned = abandoned;
  const std::size_t count = done_.size();
  std::vector<std::vector<bool>> before(count, std::vector<bool>(count, false));
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t k = 0; k < i; ++k) {
      if (!dependent(done_[k].event, done_[i].event) && done_[i].after != k) continue;
      before[i][k] = true;
      for (std::size_t x = 0; x < k; ++x) before[i][x] = before[i][x] || before[k][x];
    }
  std::vector<std::size_t> order;  // by task
  for (std::size_t task = 0; task < tasks_.size(); ++task)
    for (std::size_t i = 0; i < count; ++i)
      if (done_[i].event.task == task) order.push_back(i);
  for (const std::size_t i : order) {
    result.trace += std::to_string(done_[i].event.task) + "/" +
                    std::to_string(done_[i].event.alternative) + ":";
    for (const std::size_t k : order) result.trace += before[i][k] ? '1' : '0';
  }
  for (const Done& done : done_) result.text += static_cast<char>('a' + done.event.task);
  for (const int value : variables_) result.state += std::to_string(value) + " ";
  for (std::size_t task = 0; task < tasks_.size(); ++task) {
    result.state += std::to_string(tasks_[task].held) + ",";
    const bool over = !tasks_[task].exists || (ended(task) && !tasks_[task].takes_again);
    result.stuck = result.stuck || !over;
  }
  return result;
}

}  // namespace harness::machine
