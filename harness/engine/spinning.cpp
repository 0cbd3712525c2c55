// Tasks that wait without blocking: they load the same values again and again. Such a task sleeps until
// somebody changes one of the places it looks at; where nobody can, that is a livelock.
#include <algorithm>

#include "harness/engine/engine.hpp"
#include "harness/engine/errors.hpp"

namespace harness {
namespace {

std::uint64_t value_at(std::uintptr_t address, std::uint32_t bytes) {
  std::uint64_t value = 0;
  __builtin_memcpy(&value, reinterpret_cast<const void*>(address), std::min<std::uint32_t>(bytes, 8));
  return value;
}

bool overlap(const SpinWatch::Load& load, std::uintptr_t address, std::uint32_t bytes) {
  return load.address < address + bytes && address < load.address + load.bytes;
}

}  // namespace

bool Engine::loaded(std::uintptr_t address, std::uint32_t bytes, std::uint64_t value,
                    std::uintptr_t where) {
  SpinWatch& spin = current_->spin;
  for (std::uint32_t i = 0; i < spin.count; ++i) {
    SpinWatch::Load& load = spin.loads[i];
    if (load.address != address || load.where != where) continue;
    if (load.value != value) {  // it has seen a change
      spin.progress();
      break;
    }
    if (++load.repeats < SpinWatch::patience) return false;
    if (now_.op == Op::load && load.repeats < SpinWatch::patience + SpinWatch::longest_try) {
      if (ahead_ || points.was_learned(where)) return false;
      ahead_ = true;
      ahead_waits_ = false;
      ahead_where_ = where;
      return false;
    }
    ahead_ = false;
    const bool slept = put_to_sleep_if_spinning();
    spin.progress();
    return slept;
  }
  if (spin.count == SpinWatch::capacity) spin.progress();
  spin.loads[spin.count++] = {address, where, value, bytes, 0};
  return false;
}

// Many a wait tries a number of times before it blocks (std::atomic's wait() 16 times). So a loop of loads that
// looks like spinning goes on for a while, without a step: nothing that others do meanwhile could make a
// difference that it would not make before. Where it then does something else, it does not spin. If it has
// neither yielded nor blocked by then, it may have counted what it saw: from the next execution on each of
// its loads is a step.
bool Engine::runs_ahead(Op op, std::uintptr_t object, std::uintptr_t where) {
  ahead_waits_ = ahead_waits_ || op == Op::yield || op == Op::futex_wait;
  if (op == Op::yield || op == Op::fence) return true;
  const SpinWatch& spin = current_->spin;
  const auto loads = std::span(spin.loads.data(), spin.count);
  ahead_ = op == Op::load && std::any_of(loads.begin(), loads.end(), [&](const SpinWatch::Load& load) {
             return load.address == object && load.where == where && load.repeats > 0;
           });
  if (!ahead_ && !ahead_waits_ && settings_.learns_points)
    points.learn(static_cast<std::uint32_t>(ahead_where_));
  return ahead_;
}

// Sleeps only while all it has looked at is still as it saw it.
bool Engine::put_to_sleep_if_spinning() {
  Task& me = *current_;
  for (std::uint32_t i = 0; i < me.spin.count; ++i) {
    const SpinWatch::Load& load = me.spin.loads[i];
    if (load.repeats == 0) continue;  // before the loop
    if (value_at(load.address, load.bytes) != load.value) return false;
  }
  me.spin.asleep = true;
  me.waits_for = WaitsFor::change;
  me.pending = now_;
  me.pending.op = Op::yield;
  me.pending.alternative = 0;
  ++spinners_;
  withdraw(me);
  decide();
  me.waits_for = WaitsFor::nothing;
  return true;
}

void Engine::wake_spinners(std::uintptr_t address, std::uint32_t bytes) {
  for (std::size_t i = 0; i < task_count_; ++i) {
    Task& task = *tasks_[i];
    if (!task.spin.asleep) continue;
    const auto loads = std::span(task.spin.loads.data(), task.spin.count);
    if (std::none_of(loads.begin(), loads.end(),
                     [&](const SpinWatch::Load& load) { return overlap(load, address, bytes); }))
      continue;
    wake_spinner(task);
  }
}

// Nothing else can run. A loop that looks at the clock gets a later time, in growing leaps; and one that
// only looked like spinning (a bounded number of tries) goes on. Only when that has been in vain many
// times over is it a livelock, and before the execution has had all its steps: several who spin in turn,
// or yield as they do, need many.
bool Engine::let_spinners_go_on() {
  constexpr std::uint32_t rounds = 1000, least = 64;
  if (spinners_ == 0 || idle_rounds_ >= rounds) return false;
  if (idle_rounds_ == 0) idle_since_ = steps_;
  if (idle_rounds_ >= least && steps_ - idle_since_ >= settings_.max_steps / 4 * 3) return false;
  ++idle_rounds_;
  now_ns_ += std::uint64_t{1'000'000} << std::min<std::uint32_t>(idle_rounds_, 30);
  for (std::size_t i = 0; i < task_count_; ++i)
    if (tasks_[i]->spin.asleep) wake_spinner(*tasks_[i]);
  return true;
}

void Engine::wake_spinner(Task& task) {
  task.spin.asleep = false;
  --spinners_;
  offer(task, 0, task.pending);
}

std::uint64_t Engine::read_clock() {
  // A clock that stands still would be noticed; and a loop that goes on until a time has come should see it come
  // before the execution has had all its steps, so that time is the faster the longer that takes.
  return now_ns_ += std::uint64_t{100} << std::min<std::uint64_t>(steps_ / 256, 20);
}

// A loop that polls with locks or stores in it looks like work, and a strategy that likes its task
// would never let go. In a long execution the turn is that of who could go on and has not for a
// while, and each time patience halves. Who has locked what the others want has no turn before it
// has unlocked it, so a few steps are looked at, one after another. Time-outs are not hurried. All
// that are ready, where nobody starves.
std::span<const Ready> Engine::whose_turn() {
  constexpr std::uint64_t least = 32;
  const auto recent = std::span(shared_.choices, steps_).last(turns_);
  patient_until_ = steps_ + (++looks_ % 8 != 0 ? 1 : turns_);
  const auto starves = [&](const Ready& entry) {
    return entry.event.alternative == 0 &&
           std::none_of(recent.rbegin(), recent.rend(),
                        [&](const Choice& choice) { return choice.task == entry.task; });
  };
  const auto found = std::find_if(ready_.begin(), ready_.end(), starves);
  if (found == ready_.end()) return ready_;
  turns_ = std::max(turns_ / 2, least);
  patient_until_ = steps_ + turns_;
  return {found, 1};
}

// Who has the lock that `waits` wants; for reading it may be several, itself among them.
TaskId Engine::holder_of(const Object& object, const Task& waits) const {
  const auto reads = [&](const Task& task) {
    return std::any_of(task.held.begin(), task.held.end(),
                       [&](const Held& held) { return held.object == &object; });
  };
  if (object.owner != no_task || reads(waits)) return object.owner != no_task ? object.owner : waits.id;
  for (std::size_t i = 0; i < task_count_; ++i)
    if (reads(*tasks_[i])) return tasks_[i]->id;
  return no_task;
}

// Time-outs first, then loops with deadlines; else every task that has not ended is stuck for good.
void Engine::nothing_ready() {
  for (Task* const task : timed_)
    if (task->list != nullptr) offer(*task, 1, task->pending);
  if (!ready_.empty() || let_spinners_go_on()) return;
  for (std::size_t i = 0; i < task_count_; ++i) {
    const Task& task = *tasks_[i];
    if (task.done) continue;
    Event stuck = task.pending;
    stuck.step = steps_;
    stuck.task = task.id;
    stuck.op = Op::stuck;
    stuck.bytes = unfinished_;
    stuck.before = no_task;
    if (const Object* const object = find_object(reinterpret_cast<const void*>(task.pending.object));
        object != nullptr && task.waits_for == WaitsFor::lock)
      stuck.before = holder_of(*object, task);
    if (task.waits_for == WaitsFor::join) stuck.before = task.pending.value;
    stuck.value = static_cast<std::uint64_t>(task.waits_for);
    if (settings_.records) record(stuck);
    dispatch(stuck);
  }
  HARNESS_CHECK(!"a deadlock has an oracle");
}

}  // namespace harness
