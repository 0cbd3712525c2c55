// The engine: one execution after another of a program under test, its tasks as fibers on one OS thread, the
// order of their events decided by a Strategy and watched by the Oracles.
//
// The runtime (../runtime) catches what the program calls and turns it into events; before each the engine
// asks the strategy who goes on, and switches there. Everything runs on the fiber of the task concerned:
// there is no scheduler thread, and a task that goes on costs no switch. Memory model: sequential
// consistency (atomics act on memory at once, in the order of events).
//
// Not supported: more than one engine in a process; tasks that block in calls that are not caught.
#pragma once

#include <pthread.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/engine/descriptors.hpp"
#include "harness/engine/errors.hpp"
#include "harness/engine/fiber_pool.hpp"
#include "harness/engine/leaks.hpp"
#include "harness/engine/lock_order.hpp"
#include "harness/engine/mapped_memory.hpp"
#include "harness/engine/objects.hpp"
#include "harness/engine/plain_points.hpp"
#include "harness/engine/races.hpp"
#include "harness/engine/oracle.hpp"
#include "harness/engine/order_hash.hpp"
#include "harness/engine/shared.hpp"
#include "harness/engine/signal_actions.hpp"
#include "harness/engine/snapshot.hpp"
#include "harness/engine/strategy.hpp"
#include "harness/engine/task.hpp"
#include "harness/engine/user_heap.hpp"
#include "harness/scenario.hpp"

namespace harness {

enum class DataRaces : std::uint8_t {
  report,  // the first is a violation
  learn,   // where it happened, accesses are scheduling points from the next execution on
  off,     // nobody looks
};

class Engine {
 public:
  enum class Outcome { completed, violated, cut_off, abandoned, failed };
  // The name of the function that contains `where`, if a schedule stops at it; else nullptr.
  using FunctionName = const char* (*)(std::uintptr_t where);
  // Whether a race between an access with this stack and one at `other` is not to be reported.
  using Suppressed = bool (*)(std::span<const std::uintptr_t> stack, std::uintptr_t other);

  struct Settings {
    std::uint64_t seed = 1;
    std::uint64_t max_steps = 20'000;
    bool records = false;             // full history into shared memory
    bool protects = false;            // freed memory faults, see MappedMemory
    bool leaks = false;               // of the heap, at the end of an execution
    bool spurious_wakeups = false;    // a wait may end without anybody's doing: a choice
    DataRaces data_races = DataRaces::report;
    bool all_plain_points = false;    // every plain access is a scheduling point
    bool learns_points = true;        // see PlainPoints
    Suppressed suppressed = nullptr;
    FunctionName function_name = nullptr;  // set where a schedule names functions
  };

  Engine(Shared& shared, UserHeap& heap, MappedMemory& memory, Snapshot& snapshot);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // --- for the worker: one execution. Leaves all state as it found it.
  void configure(Strategy& strategy, const Settings& settings);
  Outcome run(const Scenario& scenario, std::string_view variant, std::uint64_t number);

  // --- for the runtime, called on the current task's fiber, in tool mode (see Entered)
  // A scheduling point: returns when the event is to be executed; the caller executes it, completes it,
  // and calls executed(). While a task is the only one that has not ended there is nothing to decide: its
  // events are no steps, and nobody is asked.
  Event& reach(const Event& event);
  // The same for an event that can only happen while `enabled`; the task waits in `list` meanwhile, whose
  // owner calls enable() and disable() as things change.
  Event& reach_when(WaitList& list, bool enabled, const Event& event, WaitsFor what);
  void executed() {
    if (settings_.records) [[unlikely]]
      record(now_);
    if (watched_.has(now_.op)) dispatch(now_);
  }
  Event& executing() { return now_; }
  // Gives up the processor until somebody calls wake() on the task; `event` is what going on will be. With a
  // deadline it may also go on by itself: true then.
  bool sleep_in(WaitList& list, const Event& event, std::uint64_t deadline_ns, WaitsFor what);
  // The same, but a signal or a cancellation ends it as well; see Task::interrupted.
  bool wait_interruptibly(WaitList& list, const Event& event, std::uint64_t deadline_ns, WaitsFor what);
  void wake(Task& task);
  void wake_spinner(Task& task);
  // A sleeping task now waits for something else.
  void move(Task& task, WaitList& list, bool enabled, const Event& event, WaitsFor what);
  void enable(WaitList& list);
  void disable(WaitList& list);
  // A choice of the current task itself among `count` outcomes of `event`.
  std::uint16_t choose(const Event& event, std::uint16_t count);
  // An event that is no scheduling point; task and step are filled in.
  void observe(Event& event) {
    event.task = current_->id;
    event.step = steps_;
    if (settings_.records) record(event);
    dispatch(event);
  }
  // Into the history, where one is kept.
  [[gnu::cold]] void record(const Event& event);
  [[noreturn, gnu::cold]] void violate(const Violation& violation);
  // No violation: told beside the verdict, once for the same places. `text()` is asked for the words; they may
  // mention objects.
  template <class Text>
  void warn(const char* rule, std::span<const Recorded> events, Text text) {
    if (is_news(rule, events)) keep_warning(rule, events, text());
  }
  void unlocked_by_stranger(const Object& object, std::uintptr_t where);
  void ends_with_locks(const Task& task, const char* how);
  LockOrder& lock_order() { return lock_order_; }
  // The event with the stack of the task that runs.
  Recorded recorded(const Event& event) const;
  // The tool's or the scenario's fault, not the program's.
  [[noreturn, gnu::cold]] void fail(std::string_view why);

  Task& current() { return *current_; }
  Task& task(TaskId id) { return *tasks_[id]; }
  const Task& task(TaskId id) const { return *tasks_[id]; }
  // At which op a task that is not ready is blocked; Op::end where it has ended or does not exist.
  Op blocked_at(TaskId id) const {
    return id < task_count_ && !tasks_[id]->done ? tasks_[id]->pending.op : Op::end;
  }
  std::size_t task_count() const { return task_count_; }
  // For debugging: the tasks that have not ended, and what each is about to do.
  struct TaskView {
    Recorded next;
    bool ready = false;
    bool current = false;              // its stack is that of the processor
    std::uintptr_t stack_pointer = 0;  // else where switch_context() left it
  };
  std::vector<TaskView> tasks_now() const;
  Object& object(const void* address) { return objects_.at(reinterpret_cast<std::uintptr_t>(address)); }
  Object* find_object(const void* address) {
    return objects_.find(reinterpret_cast<std::uintptr_t>(address));
  }
  UserHeap& heap() { return heap_; }
  MappedMemory& memory() { return memory_; }
  std::uint32_t step() const { return steps_; }
  // Events so far, those of a lone task included.
  std::uint64_t time() const { return steps_ + alone_events_; }
  std::uint64_t execution() const { return execution_; }

  // Threads. create(): the new task has run up to its first scheduling point when it returns.
  Task& create(std::string_view name, std::function<void()>* body, void* (*routine)(void*), void* argument,
               std::size_t stack_bytes = Fiber::usual_stack_bytes);
  // False where the limit on threads, ours or the system's, is reached.
  bool can_create(std::size_t stack_bytes);
  Task* find_thread(pthread_t handle);
  // Makes again the fibers that a process of its own made for an execution (see HostedWorker).
  void own_fibers();
  // The program may use memory at `address`.
  void expect_memory(std::uintptr_t address) { races_.expect_memory(address); }
  // exit() of a whole program: the execution is over, whatever other tasks were about to do.
  [[noreturn, gnu::cold]] void end_program(int status, std::uintptr_t where);
  void detach(Task& task);
  void joined(Task& task);
  void note_joined(Task& task);
  // Where a library that is not restored has made the key, it will not make it again.
  void made_key(pthread_key_t key, std::uintptr_t where) {
    if (is_programs(where)) made_keys_.push_back(key);
  }
  // Is that code of the program, and not of the system's libraries?
  bool is_programs(std::uintptr_t where) const { return snapshot_.covers(where); }
  void deleted_key(pthread_key_t key) { std::erase(made_keys_, key); }
  [[noreturn]] void end_task();  // the current one
  std::string_view name(TaskId id) const { return shared_.task_names[id]; }

  // Signals, see signals.hpp.
  SignalActions& signal_actions() { return signal_actions_; }
  void expect_handlers() { handlers_expected_ = true; }
  bool handlers_expected() const { return handlers_expected_; }
  [[gnu::cold]] void run_handlers();

  Descriptors& descriptors() { return descriptors_; }
  // True once in an execution.
  bool is_first_rand() { return !std::exchange(rand_was_called_, true); }

  // Virtual time, in ns since the start of the execution.
  std::uint64_t now_ns() const { return now_ns_; }
  std::uint64_t read_clock();
  void advance_to(std::uint64_t ns) { now_ns_ = std::max(now_ns_, ns); }
  std::uint64_t random_bits();

  // An atomic operation by the only task that is left, and nobody wants to know: the caller need not make an
  // event of it.
  [[gnu::always_inline]] bool passes(Op op, std::uintptr_t address) {
    if (unfinished_ != 1 || races_.watching() || settings_.records || watched_.has(op) ||
        MappedMemory::contains(address))
      return false;
    if (op != Op::store && ++alone_unchanged_ > SpinWatch::capacity) return false;  // it may be spinning
    count_alone();
    return true;
  }

  // Spinning, see SpinWatch. After a load, a failed cas, or an rmw that changed nothing:
  // True where the task was found spinning, and slept.
  bool loaded(std::uintptr_t address, std::uint32_t bytes, std::uint64_t value, std::uintptr_t where);
  // After anything that changed memory others may wait for:
  void changed(std::uintptr_t address, std::uint32_t bytes) {
    current_->spin.progress();
    alone_unchanged_ = 0;
    idle_rounds_ = 0;
    if (spinners_ != 0) wake_spinners(address, bytes);
  }

  // A plain access by instrumented code to memory from mmap(), the first since the last event.
  void reach_access(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);
  bool access_is_point = true;
  // Plain accesses that are left before one is made a scheduling point, so that a loop without any
  // synchronisation does not go on for ever.
  std::uint32_t plain_left = plain_run;
  // Of the execution, as far as its last event: those that were looked at.
  std::uint64_t plain_accesses() const { return plain_accesses_; }
  PlainPoints points;
  // The access is at a place where accesses may be scheduling points, or the last of a long run.
  [[gnu::cold]] void maybe_point(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);
  bool reach_volatile(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);
  Races& races() { return races_; }
  // Not ordered with an earlier access.
  [[gnu::cold]] void raced(const Race& race, Event now);
  // Looks for races, and remembers the access for a later one.
  void look_at(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);
  void look_at_atomic(std::uintptr_t address, std::size_t bytes, bool reads, bool writes, int order,
                      std::uintptr_t where) {
    if (races_.watching()) note_atomic(address, bytes, reads, writes, order, where);
  }
  // Before an allocation by the task that runs: does it get the block again that the task freed last? Asked where
  // an atomic has held its address, so that something may come of it (ABA), and once in each task.
  void choose_address(std::size_t bytes, std::size_t alignment, std::uintptr_t where);
  void note_allocation(std::uintptr_t address, std::size_t bytes, std::uintptr_t where);
  // free() of a block that is free already, or of what is none.
  [[noreturn, gnu::cold]] void bad_free(std::uintptr_t address, bool again, std::uintptr_t where);
  void look_at_free(std::uintptr_t address, std::size_t bytes, std::uintptr_t where);
  // The same of a lock or the like that is destroyed.
  void look_at_end(const Event& destroys);
  void look_at_allocation(std::uintptr_t address, std::size_t bytes, std::uintptr_t where);
  // A plain access by instrumented code, to memory that is not plainly accessible.
  [[gnu::cold]] void suspicious_access(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);
  // In a signal handler: never returns to the program.
  [[noreturn, gnu::cold]] void crashed(const char* what, std::uintptr_t address, bool has_address, std::uintptr_t where);
  // The watching process has lost patience: where is the program?
  void note_stall(std::uintptr_t where);
  bool is_running() const { return current_ != nullptr; }
  [[noreturn, gnu::cold]] void assertion_failed(const char* text, std::uintptr_t where);
  const Settings& settings() const { return settings_; }
  [[gnu::cold]] void note_uncontrolled(const char* what);

  // Call stack of the current task as the instrumentation reports it; grows upwards.
  std::uintptr_t* shadow_top = nullptr;
  std::uintptr_t* shadow_base = nullptr;
  std::uintptr_t* shadow_end = nullptr;
  static constexpr std::size_t shadow_frames = std::size_t{1} << 18;

 private:
  class Play;
  struct Past {
    Tick tick;
    bool freed;
    std::uint32_t position;  // in the recording
    Recorded recorded;
  };
  [[gnu::always_inline]] void write(Event& to, const Event& event) {
    copy_by_field(to, event);
    to.task = current_->id;
    to.step = steps_;
  }
  [[gnu::always_inline]] Event& pending_of_current() {
    Task& me = *current_;
    if (me.fresh) [[unlikely]]
      offer(me, 0, Event{});
    return ready_[me.entry].event;
  }
  void note_atomic(std::uintptr_t address, std::size_t bytes, bool reads, bool writes, int order,
                   std::uintptr_t where);
  void count_alone() {
    if (++alone_events_ > settings_.max_steps * events_per_step) [[unlikely]]
      leave(Outcome::cut_off);
    access_is_point = true;
    count_plain();
  }
  // plain_left counts those since the last event.
  void count_plain() {
    plain_accesses_ += plain_run - plain_left;
    plain_left = plain_run;
  }
  static constexpr std::uint32_t plain_run = 1u << 14;
  static constexpr std::uint64_t protected_every = 256;  // executions, see MappedMemory
  static constexpr std::uint64_t events_per_step = 16;  // limit on the events of a lone task
  static void fiber_main(void* task);
  void run_body(Task& task);
  void decide();
  const Ready& ask(std::span<const Ready> ready);
  void commit(const Ready& chosen);
  void switch_to(Task& task);
  void use_shadow_stack_of(const Task& task) {
    shadow_top = task.shadow_top;
    shadow_base = task.shadow_base;
    shadow_end = task.shadow_base + shadow_frames;
  }
  [[noreturn, gnu::cold]] void leave(Outcome outcome);
  void begin(const Scenario& scenario, std::string_view variant, std::uint64_t number);
  Outcome finish();
  void restore_state();
  void offer(Task& task, std::uint16_t alternative, const Event& event);
  void withdraw(Task& task);
  void renumber(std::size_t from);
  void dispatch(const Event& event);
  void remember(std::uintptr_t address, std::size_t bytes, Op op, std::uintptr_t where, bool freed);
  std::optional<Event> recall(const Race& race, std::size_t bytes);
  void insert_into_history(const Recorded& recorded, std::uint32_t position);
  void look_for_leaks();
  Event access(std::uintptr_t address, std::size_t bytes, Op op, std::uintptr_t where) const;
  std::string locks_of(TaskId task) const;
  bool is_suppressed(const Race& race, std::uintptr_t where);
  bool is_news(const char* rule, std::span<const Recorded> events) const;
  void keep_warning(const char* rule, std::span<const Recorded> events, std::string_view message);
  [[gnu::cold]] void handle(int signal);
  [[gnu::cold]] void nothing_ready();
  TaskId holder_of(const Object& object, const Task& waits) const;
  bool let_spinners_go_on();
  [[gnu::cold]] void wake_spinners(std::uintptr_t address, std::uint32_t bytes);
  [[gnu::cold]] bool put_to_sleep_if_spinning();
  [[gnu::cold]] bool runs_ahead(Op op, std::uintptr_t object, std::uintptr_t where);
  [[gnu::cold]] std::span<const Ready> whose_turn();
  [[gnu::cold]] void offer_timeouts();
  void recycle(Task& task);
  void unless_last_exit();
  Fiber* free_fiber(std::size_t stack_bytes);

  Shared& shared_;
  UserHeap& heap_;
  MappedMemory& memory_;
  Snapshot& snapshot_;
  Settings settings_;
  Strategy* strategy_ = nullptr;
  std::vector<std::unique_ptr<Oracle>> oracles_;
  std::array<std::vector<std::uint8_t>, static_cast<std::size_t>(Op::count_)> watchers_;  // of oracles_

  Ops watched_by_oracles_;
  Ops watched_by_strategy_;
  Ops watched_;  // by either
  std::uint32_t begun_ = 0;  // oracles that have seen an event of this execution, a bit each

  ObjectTable objects_;
  LockOrder lock_order_;
  Allocations allocations_;
  Races races_;
  std::vector<std::uint64_t> suppressed_;  // pairs of places whose races are not reported
  std::vector<Past> history_;  // where `records` is set: the plain accesses, for the other half of a race
  std::vector<std::unique_ptr<Task>> tasks_;  // used again; the first task_count_ are of this execution
  std::size_t task_count_ = 0;
  std::size_t unfinished_ = 0;
  FiberPool fibers_;
  std::unique_ptr<Fiber> caller_fiber_;  // of "main", where this process hosts its own exploration
  std::vector<Ready> ready_;
  std::vector<Task*> timed_;  // asleep with a deadline, their time-out not on offer
  std::vector<pthread_key_t> made_keys_;
  SignalActions signal_actions_;
  Descriptors descriptors_;
  bool rand_was_called_ = false;
  bool handlers_expected_ = false;
  Task* current_ = nullptr;
  Event now_;                 // the event being executed
  std::uint32_t steps_ = 0;
  std::uint64_t alone_events_ = 0;
  std::uint64_t plain_accesses_ = 0;
  std::uint32_t alone_unchanged_ = 0;  // since it changed something
  std::uint64_t hash_ = 0;    // of the choices
  OrderHash order_;
  std::uint64_t now_ns_ = 0;
  std::uint64_t execution_ = 0;
  std::uint64_t random_state_ = 0;
  std::uint32_t spinners_ = 0;
  std::uint64_t patient_until_ = first_look;  // the step at which somebody may have waited too long
  std::uint64_t turns_ = first_turns;  // steps without one of its own that a task has to bear
  std::uint32_t looks_ = 0;
  static constexpr std::uint64_t first_look = 4096;
  static constexpr std::uint64_t first_turns = 2048;
  bool ahead_ = false;  // the current task repeats its loads without being asked, see loaded()
  bool ahead_waits_ = false;         // it has yielded or blocked since
  std::uintptr_t ahead_where_ = 0;  // the load that it repeats
  std::uint32_t idle_rounds_ = 0;
  std::uint64_t idle_since_ = 0;  // the step before the first of them
  Context scheduler_;
  Outcome outcome_ = Outcome::completed;
  std::unique_ptr<Play> play_;
};

// The active execution: set exactly while code of the program under test runs. Null in the tool's own code, so
// that the calls it makes are forwarded, and outside executions.
[[gnu::visibility("hidden")]] extern Engine* active;

// False: a plain access, but for one to memory from mmap(), is nobody's business: there is one task, no race to be
// half of, and no strategy that wants to know.
[[gnu::visibility("hidden")]] extern bool plain_matters;

// Tool mode for the length of a caught call.
class Entered {
 public:
  Entered() : engine_(*active) { active = nullptr; }
  ~Entered() {
    if (engine_.handlers_expected()) [[unlikely]]
      engine_.run_handlers();
    active = &engine_;
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;
  Engine* operator->() const { return &engine_; }
  Engine& operator*() const { return engine_; }

 private:
  Engine& engine_;
};

// ---------------------------------------------------------------------------------------------------------
// A scheduling point from end to end, inline in every callback: each function on the way that has to return
// on the stack of another task is a return that the processor does not foresee.

[[gnu::always_inline]] inline const Ready& Engine::ask(std::span<const Ready> ready) {
  const std::size_t index = strategy_->next(ready, current_->id);
  if (index == Strategy::abandon) leave(Outcome::abandoned);
  HARNESS_CHECK(index < ready.size());
  return ready[index];
}

[[gnu::always_inline]] inline void Engine::switch_to(Task& task) {
  Task& me = *current_;
  me.shadow_top = shadow_top;
  use_shadow_stack_of(task);
  access_is_point = true;
  current_ = &task;
  races_.runs(task.id);
  switch_context(me.fiber->context(), task.fiber->context());
}

// The choice is written down before anything of it happens.
[[gnu::always_inline]] inline void Engine::commit(const Ready& chosen) {
  if (steps_ >= settings_.max_steps) leave(Outcome::cut_off);
  shared_.choices[steps_] = {chosen.task, static_cast<std::uint16_t>(chosen.event.alternative)};
  shared_.steps.store(++steps_, std::memory_order_release);
  hash_ = (hash_ ^ (chosen.task + 1u + (std::uint64_t{chosen.event.alternative} << 16))) *
          0x9e37'79b9'7f4a'7c15;
  hash_ ^= hash_ >> 29;
  copy_by_field(now_, chosen.event);
  now_.task = chosen.task;
  now_.step = steps_;
  order_.add(now_);
  access_is_point = true;
  count_plain();
  tasks_[chosen.task]->alternative = static_cast<std::uint16_t>(chosen.event.alternative);
  if (!timed_.empty()) offer_timeouts();
}

// Who goes on? Returns when the calling task does.
[[gnu::always_inline]] inline void Engine::decide() {
  Task& me = *current_;
  if (me.fresh) {  // it has come as far as its creator lets it
    me.fresh = false;
    switch_to(*me.creator);
    return;
  }
  if (ready_.empty()) nothing_ready();
  const Ready& chosen =
      ask(steps_ < patient_until_ ? std::span<const Ready>(ready_) : whose_turn());
  Task& next = *tasks_[chosen.task];
  commit(chosen);
  if (&next != &me) switch_to(next);
}

[[gnu::always_inline]] inline Event& Engine::reach(const Event& event) {
  const bool is_alone = unfinished_ == 1 || (ahead_ && runs_ahead(event.op, event.object, event.where));
  write(is_alone ? now_ : pending_of_current(), event);
  if (is_alone)
    count_alone();
  else
    decide();
  return now_;
}

}  // namespace harness
