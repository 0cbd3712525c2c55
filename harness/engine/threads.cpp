// Tasks: how they come to be, run and end.
#include <fmt/format.h>

#include <cstdlib>
#include <type_traits>

#include "harness/engine/engine.hpp"
#include "harness/engine/errors.hpp"
#include "harness/engine/hosting.hpp"
#include "harness/engine/play.hpp"
#include "harness/engine/real.hpp"
#include "harness/engine/sync.hpp"
#include "harness/engine/system_objects.hpp"
#include "harness/engine/thread_keys.hpp"

namespace harness {

namespace {

std::uintptr_t* new_shadow_stack() {
  // Touched only as far as the stack grows. From the heap, which may be shared with other processes.
  auto* const base = static_cast<std::uintptr_t*>(std::malloc(Engine::shadow_frames * sizeof(std::uintptr_t)));
  HARNESS_CHECK(base != nullptr);
  return base;
}

// A task as new, but for the memory that it keeps.
void reuse(Task& task) {
  const auto keep = task.shadow_base;
  task.at_exit.clear();
  task.specific.clear();
  task.spin.count = 0;
  task.spin.asleep = false;
  task.robust.clear();
  task.handlers.clear();
  task.held.clear();
  // Not an assignment, which would be a string instruction that takes longer to start than to run.
  static const TaskState fresh;
  static_assert(std::is_trivially_copyable_v<TaskState>);
  real::memcpy(static_cast<void*>(static_cast<TaskState*>(&task)), &fresh, sizeof fresh);
  task.shadow_base = task.shadow_top = keep;
}

}  // namespace

Fiber* Engine::free_fiber(std::size_t stack_bytes) {
  return task_count_ < Shared::max_tasks ? fibers_.take(stack_bytes, snapshot_.tls_images()) : nullptr;
}

bool Engine::can_create(std::size_t stack_bytes) {
  return task_count_ < Shared::max_tasks && fibers_.can_take(stack_bytes, snapshot_.tls_images());
}

Task& Engine::create(std::string_view name, std::function<void()>* body, void* (*routine)(void*),
                     void* argument, std::size_t stack_bytes) {
  const bool is_caller = task_count_ == 0 && caller_fiber_ != nullptr;
  Fiber* const fiber = is_caller ? caller_fiber_.get() : free_fiber(stack_bytes);
  if (fiber == nullptr) fail(fmt::format("no thread can be made after {} of them", task_count_));
  if (task_count_ == tasks_.size()) {
    tasks_.push_back(std::make_unique<Task>());
    tasks_.back()->shadow_base = new_shadow_stack();
  }
  Task& task = *tasks_[task_count_];
  reuse(task);
  task.engine = this;
  task.id = static_cast<TaskId>(task_count_);
  task.body = body;
  task.routine = routine;
  task.argument = argument;
  copy_text(shared_.task_names[task.id], Shared::name_bytes, name);
  shared_.task_count = static_cast<std::uint32_t>(++task_count_);
  ++unfinished_;
  task.fiber = fiber;
  task.fiber->prepare(fiber_main, &task);
  if (current_ != nullptr) {
    task.creator = current_;
    task.created_at = time();
    task.signals_blocked = current_->signals_blocked;
    const bool looks = settings_.data_races != DataRaces::off;
    if (looks) races_.created(current_->id, task.id);
    plain_matters = true;
    if (looks && task.fiber->last_task != no_task) races_.inherited(task.id, task.fiber->last_task);
    task.fiber->last_task = task.id;
    switch_to(task);  // back when it has reached its first scheduling point, or ended
  }
  return task;
}

Task* Engine::find_thread(pthread_t handle) {
  for (std::size_t i = task_count_; i-- > 0;)
    if (tasks_[i]->fiber != nullptr && tasks_[i]->fiber->handle() == handle && !tasks_[i]->joined)
      return tasks_[i].get();
  return nullptr;
}

void Engine::detach(Task& task) {
  task.detached = true;
  if (task.done) recycle(task);
}

void Engine::note_joined(Task& task) {
  races_.joined(task.id);
  task.joined_by = current_->id;
  task.joined_at = time();
}

void Engine::joined(Task& task) {
  note_joined(task);
  task.joined = true;
  recycle(task);
}

void Engine::recycle(Task& task) {
  if (task.fiber != caller_fiber_.get()) fibers_.give_back(*task.fiber);
}

void Engine::own_fibers() {
  fibers_.own();
}

// The last thread of a whole program has come to its end without exit(): that is exit(0).
void Engine::unless_last_exit() {
  if (unfinished_ != 1 || hosting() == nullptr || !hosting()->whole_program) return;
  active = this;
  std::exit(0);  // which is interposed, and ends the execution
}

// How far the others have come by then is a choice. What they would do next cannot happen any more: a search
// that only looks at what was executed must learn of it.
void Engine::end_program(int status, std::uintptr_t where) {
  active = nullptr;
  if (unfinished_ > 1) {
    reach({.op = Op::point, .label = "exit", .where = where});
    executed();
  }
  for (std::size_t i = 0; i < task_count_; ++i) {
    if (tasks_[i]->done) continue;
    ends_with_locks(*tasks_[i], "the program ends");
    if (tasks_[i].get() != current_) strategy_->blocked({.task = tasks_[i]->id, .op = Op::end});
  }
  if (status == hosting()->expected_status) leave(Outcome::completed);
  const std::string text = fmt::format("exit({})", status);
  // Where main() has returned, nobody has called exit() but us.
  const Event event{.step = steps_, .task = current_->id, .op = Op::end, .label = shared_.intern(text.c_str()),
                    .where = is_tools(where) ? hosting()->main + 1 : where};
  if (settings_.records) record(event);
  violate({"exit-status",
           fmt::format("{} ends the program with status {}; {} was expected", mention(current_->id), status,
                       hosting()->expected_status),
           {event},
           false});
}

void Engine::fiber_main(void* argument) {
  Task& task = *static_cast<Task*>(argument);
  Engine& engine = *task.engine;
  active = &engine;
  engine.run_body(task);
  active = nullptr;
  engine.end_task();
}

// No handler on purpose: an exception that leaves the task finds none, and std::terminate() is called with
// the stack as it was at the throw.
void Engine::run_body(Task& task) {
  if (task.body != nullptr)
    (*task.body)();
  else
    task.result = task.routine(task.argument);
}

void Engine::end_task() {
  Task& me = *current_;
  active = this;
  while (!me.at_exit.empty()) {
    const Task::AtExit last = me.at_exit.back();
    me.at_exit.pop_back();
    last.function(last.object);
  }
  destroy_thread_specific(me);
  active = nullptr;
  unless_last_exit();
  abandon_robust_mutexes(*this, me);
  if (ahead_) runs_ahead(Op::end, 0, 0);
  if (!me.held.empty()) ends_with_locks(me, "a task ends");
  if (settings_.records) record(Event{.step = steps_, .task = me.id, .op = Op::end});
  me.done = true;
  changed(reinterpret_cast<std::uintptr_t>(&me.done), sizeof me.done);
  --unfinished_;
  plain_matters = unfinished_ > 1 || races_.started() || watched_by_strategy_.has(Op::read_point);
  enable(me.joiners);
  play_->ended(me);
  if (me.detached) recycle(me);
  if (me.fresh) {  // it ended without a single scheduling point
    me.fresh = false;
    switch_to(*me.creator);
    __builtin_unreachable();
  }
  withdraw(me);
  if (unfinished_ == 0) leave(Outcome::completed);
  if (ready_.empty()) nothing_ready();
  const Ready& chosen = ask(ready_);
  Task& next = *tasks_[chosen.task];
  commit(chosen);
  switch_to(next);
  __builtin_unreachable();
}

}  // namespace harness
