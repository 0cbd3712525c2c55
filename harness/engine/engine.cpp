// The heart of the engine: scheduling points, and the begin and end of an execution.
#include "harness/engine/engine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/engine/errors.hpp"
#include "harness/engine/exit_handlers.hpp"
#include "harness/engine/hosting.hpp"
#include "harness/engine/play.hpp"
#include "harness/engine/real.hpp"
#include "harness/engine/thread_keys.hpp"
#include "harness/oracles/make.hpp"

namespace harness {

Engine* active = nullptr;
bool plain_matters = false;

Engine::Engine(Shared& shared, UserHeap& heap, MappedMemory& memory, Snapshot& snapshot)
    : shared_(shared), heap_(heap), memory_(memory), snapshot_(snapshot), oracles_(make_oracles()) {
  shared_.engine = this;
  points.use(shared_.points);
  scheduler_ = context_of_this_thread();
  for (const AddressRange& range : {heap_range, mapping_range, stack_range}) expect_memory(range.base);
  if (hosting() != nullptr) caller_fiber_ = std::make_unique<Fiber>(Fiber::OfThisThread{});
  HARNESS_CHECK(oracles_.size() <= 32);
  for (std::size_t i = 0; i < oracles_.size(); ++i)
    for (std::size_t op = 0; op < watchers_.size(); ++op)
      if (oracles_[i]->watches().has(static_cast<Op>(op))) {
        watchers_[op].push_back(static_cast<std::uint8_t>(i));
        watched_by_oracles_ = watched_by_oracles_ | Ops(static_cast<Op>(op));
      }
}

Engine::~Engine() = default;

void Engine::configure(Strategy& strategy, const Settings& settings) {
  strategy_ = &strategy;
  settings_ = settings;
  watched_by_strategy_ = strategy.watches();
  watched_ = watched_by_oracles_ | watched_by_strategy_;
}

// ---------------------------------------------------------------------------------------------------------
// Scheduling

Event& Engine::reach_when(WaitList& list, bool enabled, const Event& event, WaitsFor what) {
  if (enabled && unfinished_ == 1) {
    write(now_, event);
    count_alone();
    return now_;
  }
  Task& me = *current_;
  me.pending = event;
  me.pending.task = me.id;
  me.waits_for = what;
  list.push(me);
  if (enabled)
    copy_by_field(pending_of_current(), me.pending);
  else if (!me.fresh)
    withdraw(me);
  if (!enabled) strategy_->blocked(me.pending);
  decide();
  if (me.list != nullptr) me.list->remove(me);
  me.waits_for = WaitsFor::nothing;
  return now_;
}

void Engine::leave(Outcome outcome) {
  outcome_ = outcome;
  active = nullptr;
  switch_context(current_->fiber->context(), scheduler_);
  __builtin_unreachable();
}

std::uint16_t Engine::choose(const Event& event, std::uint16_t count) {
  if (count < 2) return 0;
  std::array<Ready, 16> outcomes;
  const std::uint16_t offered = std::min<std::uint16_t>(count, outcomes.size());
  for (std::uint16_t i = 0; i < offered; ++i) {
    outcomes[i] = {current_->id, event};
    outcomes[i].event.task = current_->id;
    outcomes[i].event.alternative = i;
  }
  const Ready& chosen = ask(std::span(outcomes.data(), offered));
  commit(chosen);
  return static_cast<std::uint16_t>(chosen.event.alternative);
}

// ---------------------------------------------------------------------------------------------------------
// The ready list, sorted by task, then alternative

void Engine::renumber(std::size_t from) {
  for (std::size_t i = ready_.size(); i-- > from;)
    tasks_[ready_[i].task]->entry = static_cast<std::uint32_t>(i);  // at last the task's first
}

void Engine::offer(Task& task, std::uint16_t alternative, const Event& event) {
  std::size_t at = ready_.size();
  while (at > 0 && (ready_[at - 1].task > task.id ||
                    (ready_[at - 1].task == task.id && ready_[at - 1].event.alternative >= alternative)))
    --at;
  if (at < ready_.size() && ready_[at].task == task.id && ready_[at].event.alternative == alternative)
    return;
  if (at == ready_.size()) {
    ready_.emplace_back();
  } else {
    ready_.insert(ready_.begin() + static_cast<std::ptrdiff_t>(at), Ready{});
  }
  Ready& entry = ready_[at];
  entry.task = task.id;
  copy_by_field(entry.event, event);
  entry.event.task = task.id;
  entry.event.alternative = alternative;
  renumber(at);
}

void Engine::withdraw(Task& task) {
  if (task.entry >= ready_.size() || ready_[task.entry].task != task.id) return;
  const auto first = ready_.begin() + task.entry;
  auto last = first + 1;
  while (last != ready_.end() && last->task == task.id) ++last;
  ready_.erase(first, last);
  renumber(task.entry);
}

void Engine::enable(WaitList& list) {
  list.each([this](Task& task) { offer(task, 0, task.pending); });
}

void Engine::disable(WaitList& list) {
  list.each([this](Task& task) {
    if (task.deadline_ns == 0) return withdraw(task);
    if (task.entry >= ready_.size() || ready_[task.entry].task != task.id ||
        ready_[task.entry].event.alternative != 0)
      return;
    ready_.erase(ready_.begin() + task.entry);  // it may still time out
    renumber(task.entry);
  });
}

// ---------------------------------------------------------------------------------------------------------
// Sleeping until somebody wakes the task, or its time is over

bool Engine::sleep_in(WaitList& list, const Event& event, std::uint64_t deadline_ns, WaitsFor what) {
  Task& me = *current_;
  me.pending = event;
  me.pending.task = me.id;
  me.waits_for = what;
  me.deadline_ns = deadline_ns;
  list.push(me);
  withdraw(me);
  if (deadline_ns != 0) timed_.push_back(&me);
  if (deadline_ns != 0 && !me.timed_out_last) offer_timeouts();
  decide();
  if (me.list != nullptr) me.list->remove(me);
  me.waits_for = WaitsFor::nothing;
  const bool timed_out = deadline_ns != 0 && me.alternative == 1;
  if (deadline_ns != 0) {
    std::erase(timed_, &me);
    // The other outcome is no longer on offer; what the task does next takes its place.
    withdraw(me);
    offer(me, 0, now_);
  }
  me.timed_out_last = timed_out;
  if (timed_out) advance_to(deadline_ns);
  me.deadline_ns = 0;
  return timed_out;
}

// A task whose last wait timed out may not time out again before another one has moved, where one can:
// a loop around a timed wait would go on for ever.
void Engine::offer_timeouts() {
  for (Task* const task : timed_) {
    if (task->timed_out_last && now_.task != task->id) task->timed_out_last = false;
    if (task->timed_out_last || task->list == nullptr) continue;
    offer(*task, 1, task->pending);
  }
}

void Engine::wake(Task& task) {
  if (task.list != nullptr) task.list->remove(task);
  withdraw(task);
  std::erase(timed_, &task);
  offer(task, 0, task.pending);
}

void Engine::move(Task& task, WaitList& list, bool enabled, const Event& event, WaitsFor what) {
  if (task.list != nullptr) task.list->remove(task);
  withdraw(task);
  std::erase(timed_, &task);  // notified: its time cannot run out any more
  task.pending = event;
  task.pending.task = task.id;
  task.waits_for = what;
  list.push(task);
  if (enabled)
    offer(task, 0, task.pending);
  else
    strategy_->blocked(task.pending);
}

// ---------------------------------------------------------------------------------------------------------
// Events

void Engine::dispatch(const Event& event) {
  // What a task repeats ahead of being asked could have come at any time: no strategy minds.
  const bool repeats = ahead_ && unfinished_ > 1;
  if (watched_by_strategy_.has(event.op) && !repeats) strategy_->executed(event);
  for (const std::uint8_t index : watchers_[static_cast<std::size_t>(event.op)]) {
    Oracle& oracle = *oracles_[index];
    if ((begun_ >> index & 1) == 0) {
      oracle.begin();
      begun_ |= 1u << index;
    }
    if (const auto violation = oracle.see(event)) violate(*violation);
  }
}

Recorded Engine::recorded(const Event& event) const {
  Recorded to;
  to.event = event;
  to.event.label = shared_.intern(event.label);
  to.stack[to.depth++] = event.where;
  if (current_ == nullptr) return to;
  const std::uintptr_t* frame = std::min(shadow_top, shadow_end);
  while (frame > shadow_base && to.depth < to.stack.size()) to.stack[to.depth++] = *--frame;
  return to;
}

void Engine::record(const Event& event) {
  const std::uint32_t index = shared_.recorded.load(std::memory_order_relaxed);
  if (index >= shared_.max_recorded) return;
  shared_.events[index] = recorded(event);
  shared_.recorded.store(index + 1, std::memory_order_release);
}

void Engine::violate(const Violation& violation) {
  shared_.set_violation(violation);
  shared_.violating_execution = execution_;
  shared_.violating_steps = steps_;
  leave(Outcome::violated);
}

void Engine::choose_address(std::size_t bytes, std::size_t alignment, std::uintptr_t where) {
  Task& me = *current_;
  if (unfinished_ < 2 || me.reuse == Task::Reuse::no) return;
  const std::uintptr_t freed = heap_.again_from(bytes, alignment, me.id);
  if (freed == 0) return;
  if (me.reuse == Task::Reuse::undecided) {
    const Event event{.op = Op::allocate, .object = freed, .bytes = bytes, .where = where};
    me.reuse = choose(event, 2) == 0 ? Task::Reuse::yes : Task::Reuse::no;
    executed();
  }
  if (me.reuse == Task::Reuse::yes) heap_.take_again(freed);
}

void Engine::fail(std::string_view why) {
  copy_text(shared_.error, sizeof shared_.error, why);
  leave(Outcome::failed);
}

void Engine::note_uncontrolled(const char* what) {
  const std::string_view known(shared_.uncontrolled);
  if (known.find(what) != std::string_view::npos) return;
  copy_text(shared_.uncontrolled + known.size(), sizeof shared_.uncontrolled - known.size(),
            fmt::format("{}\n", what));
}

// ---------------------------------------------------------------------------------------------------------
// An execution

Engine::Outcome Engine::run(const Scenario& scenario, std::string_view variant, std::uint64_t number) {
  begin(scenario, variant, number);
  // The task "main" comes up to its first scheduling point, as every task does; the first decision is made
  // when it has.
  Task& main = *current_;
  main.fresh = false;
  Context& self = scheduler_;
  switch_context(self, main.fiber->context());
  active = nullptr;
  return finish();
}

void Engine::begin(const Scenario& scenario, std::string_view variant, std::uint64_t number) {
  execution_ = number;
  steps_ = 0;
  alone_events_ = 0;
  alone_unchanged_ = 0;
  access_is_point = true;
  plain_accesses_ = 0;
  plain_left = plain_run;
  points.begin(settings_.all_plain_points);
  shared_.points_in_force = points.count();
  races_.begin();
  history_.clear();
  hash_ = 0;
  order_.begin();
  now_ns_ = 0;
  idle_rounds_ = 0;
  spinners_ = 0;
  patient_until_ = first_look;
  turns_ = first_turns;
  looks_ = 0;
  ahead_ = false;
  // The same in every execution: a strategy that knows the program relies on it, and so does a replay.
  random_state_ = (settings_.seed + 1) * 0x9e37'79b9'7f4a'7c15;
  outcome_ = Outcome::completed;
  shared_.steps.store(0, std::memory_order_release);
  memory_.set_protects(settings_.protects || number % protected_every == 0);
  begun_ = 0;
  if (play_ == nullptr) play_ = std::make_unique<Play>(*this);
  play_->begin(scenario, variant);
  task_count_ = unfinished_ = 0;
  ready_.clear();
  timed_.clear();
  signal_actions_.reset();
  handlers_expected_ = false;
  rand_was_called_ = false;
  Task& main = create("main", &play_->body(), nullptr, nullptr);
  current_ = &main;
  use_shadow_stack_of(main);
  offer(main, 0, Event{.op = Op::start});
}

Engine::Outcome Engine::finish() {
  // What a program has not given back when it exits goes with its process.
  const bool is_program = hosting() != nullptr && hosting()->whole_program;
  if (outcome_ == Outcome::completed && !is_program) {
    for (std::size_t i = 0; i < oracles_.size(); ++i) {
      if ((begun_ >> i & 1) == 0) continue;
      const auto violation = oracles_[i]->end();
      if (!violation) continue;
      shared_.set_violation(*violation);
      shared_.violating_execution = execution_;
      shared_.violating_steps = steps_;
      outcome_ = Outcome::violated;
      break;
    }
  }
  if (outcome_ == Outcome::completed && settings_.leaks) {
    play_->end();
    look_for_leaks();
  }
  if (outcome_ == Outcome::completed) strategy_->completed();
  strategy_->end();
  current_ = nullptr;
  plain_matters = false;
  if (steps_ > shared_.longest.load(std::memory_order_relaxed))
    shared_.longest.store(steps_, std::memory_order_relaxed);
  restore_state();
  if (outcome_ == Outcome::abandoned || !strategy_->counts()) return outcome_;
  shared_.interleavings.note(hash_);
  shared_.orders.note(order_.value());
  return outcome_;
}

void Engine::restore_state() {
  if (outcome_ == Outcome::completed)
    play_->end();
  else
    static_cast<void>(play_.release());  // its tasks are in mid-flight
  for (const pthread_key_t key : made_keys_) {
    forget_key(key);
    real::pthread_key_delete(key);
  }
  made_keys_.clear();
  objects_.reset();
  lock_order_.begin();
  allocations_.begin();
  memory_.reset();
  heap_.reset();
  exit_handlers().reset();
  snapshot_.restore();
  fibers_.reset();
  descriptors_.reset();
  if (caller_fiber_ != nullptr) caller_fiber_->last_task = no_task;
}

std::uint64_t Engine::random_bits() {
  std::uint64_t z = (random_state_ += 0x9e37'79b9'7f4a'7c15);
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
  return z ^ (z >> 31);
}

}  // namespace harness
