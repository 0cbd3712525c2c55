// How dpor walks: along the path to where it branches, then into what is new.
#include "harness/strategies/dpor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/strategies/each.hpp"
#include "harness/strategies/ready.hpp"

namespace harness {

bool Dpor::begin(std::uint64_t execution) {
  if (rest_) return rest_->begin(execution);
  if (started_ && !done_) done_ = !diverged_.empty() || !to_next_branch();
  if (done_) return false;
  started_ = true;
  execution_ = execution;
  completed_ = gave_up_ = awaiting_ = left_out_ = false;
  only_ = no_task;
  alone_ = 0;
  counts_ = true;
  depth_ = 0;
  last_whole_ = nowhere;
  open_.clear();
  timed_.clear();
  disabled_.clear();
  std::fill(pending_.begin(), pending_.end(), Pending{});
  return true;
}

std::size_t Dpor::next(std::span<const Ready> ready, TaskId current) {
  if (rest_) return rest_->next(ready, current);
  if (gave_up_) return without_preemption(ready, current);
  const bool inside = is_inside(ready, current);
  if (!inside) {
    settle();
    note_ready(ready);
    only_ = ready.front().task == ready.back().task ? ready.front().task : no_task;
    incomplete_ = incomplete_ || left_out_;
  }
  const std::uint64_t hash = hash_of(ready);
  if (depth_ < path_.size()) {
    Node& node = path_[depth_];
    if (node.ready_hash != hash || node.inside != inside || node.alone) {
      note(ready, node);
      return abandon;
    }
    const std::size_t index = node.index != nowhere ? node.index : look_up(ready, node);
    return index == nowhere ? give_up(tally_.redundant) : take(ready, index);
  }
  push_node(hash, inside);
  Node& node = path_.back();
  std::size_t index = nowhere;
  if (inherited_ != WakeupTrees::none) {
    node.branches = inherited_;
    const Event& wanted = trees_[node.branches].act.event;
    node.choice = {wanted.task, static_cast<std::uint16_t>(wanted.alternative)};
    inherited_ = trees_.take_first(node.branches);
    index = look_up(ready, node);
  } else {
    index = choose(ready, current);
  }
  if (index == nowhere) {
    path_.pop_back();
    return give_up(tally_.redundant);
  }
  return take(ready, index);
}

// One task is asked which outcome its step has, and nobody else could go on meanwhile.
bool Dpor::is_inside(std::span<const Ready> ready, TaskId current) const {
  if (depth_ == 0 || ready.size() < 2 || ready.front().task != current ||
      ready.back().task != current)
    return false;
  const Op op = ready.front().event.op;
  return op == Op::map || op == Op::notify || op == Op::allocate;
}

std::uint64_t Dpor::hash_of(std::span<const Ready> ready) {
  std::uint64_t hash = ready.size();
  for (const Ready& entry : ready) {
    const std::uint64_t word = std::uint64_t{entry.task} << 48 |
                               std::uint64_t{static_cast<std::uint8_t>(entry.event.op)} << 40 |
                               entry.event.alternative;
    hash = (hash ^ word ^ entry.event.object * 0xbf58476d1ce4e5b9) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  return hash;
}

Dpor::Pending& Dpor::pending(TaskId task) {
  if (task >= pending_.size()) pending_.resize(std::size_t{task} + 1);
  return pending_[task];
}

// Steps whose events are now known to the last bit become part of the trace.
void Dpor::settle() {
  for (Trace::Step& step : open_) {
    step.act = trace_.act_of(step.act.event);
    trace_.add(step);
  }
  open_.clear();
  awaiting_ = false;
}

// ------------------------------------------------------------------------------------------------
// What each task is about to do, and since when

void Dpor::note_ready(std::span<const Ready> ready) {
  const Position at = depth_;
  if (last_whole_ != nowhere) note_disabled(ready);
  timed_.clear();
  for (const Ready& entry : ready) {
    if (entry.event.alternative != 0) timed_.push_back(entry);
    Pending& known = pending(entry.task);
    if (known.seen == at) continue;  // another outcome of the same event
    const bool same = known.seen == last_whole_ && known.op == entry.event.op &&
                      known.object == entry.event.object &&
                      (entry.event.op != Op::wake || known.alternative == entry.event.alternative);
    if (!same && last_whole_ != nowhere && path_[last_whole_].choice.task != entry.task)
      note_first(entry, last_whole_);
    known.seen = at;
    known.noticed = true;
    known.op = entry.event.op;
    known.object = entry.event.object;
    known.alternative = entry.event.alternative;
  }
}

// Because of the step `cause` of another task this one can go on. Where it waited for something
// that others may take first (a lock), only the conflicts say whom it comes after.
void Dpor::note_first(const Ready& entry, Position cause) {
  const auto can_be_taken = [](Op op) {
    return op == Op::lock || op == Op::lock_shared || op == Op::semaphore_wait || op == Op::once ||
           op == Op::guard || op == Op::join;
  };
  // A second time-out in a row, which the engine does not offer before somebody else has moved: who that
  // was is no order of the program's, and what it hides is not looked for.
  incomplete_ = incomplete_ || is_time_out(entry.event);
  Pending& known = pending(entry.task);
  if (can_be_taken(entry.event.op) && !is_new(known, entry.event))
    known.made_possible = cause;
  else
    known.after = cause;
}

void Dpor::blocked(const Event& event) {
  if (gave_up_ || rest_) return;
  Pending& known = pending(event.task);
  known.is_blocked = true;
  known.blocked = event;
  const bool by_other = last_whole_ != nowhere && path_[last_whole_].choice.task != event.task;
  if (by_other && is_new(known, event)) known.after = last_whole_;
  known.noticed = true;
  known.op = event.op;
  known.object = event.object;
}

// Whether it was another task that brought the event about: it has created the task, or notified it. A
// wait that could have timed out was ready for that until then.
bool Dpor::is_new(const Pending& known, const Event& event) {
  if (known.noticed) return known.op == Op::wake && event.op != Op::wake;
  return !known.has_run || known.last == Op::wait;
}

// A step of another task took away a time-out: it could have come before that step.
void Dpor::note_disabled(std::span<const Ready> ready) {
  const Choice last = path_[last_whole_].choice;
  for (const Ready& entry : timed_) {
    const auto still = [&](const Ready& now) {
      return now.task == entry.task && now.event.alternative == entry.event.alternative;
    };
    if (entry.task == last.task || std::any_of(ready.begin(), ready.end(), still)) continue;
    if (!dependent(trace_.step(last_whole_).act.event, entry.event)) continue;
    Trace::Step step;
    step.act = trace_.act_of(entry.event);
    step.after = pending(entry.task).after;
    disabled_.push_back({last_whole_, step});
  }
}

// ------------------------------------------------------------------------------------------------
// Choosing

void Dpor::push_node(std::uint64_t hash, bool inside) {
  Node node{hash, nowhere, {}, Op::start, inside, false, WakeupTrees::none, 0, 0};
  node.sleep_begin = static_cast<std::uint32_t>(sleep_.size());
  if (!path_.empty()) {
    const Node& parent = path_.back();
    const Act& done = inside ? open_.back().act : trace_.step(depth_ - 1).act;
    for (std::uint32_t i = parent.sleep_begin; i < parent.sleep_end; ++i) {
      const bool commutes = inside ? sleep_[i].event.task != done.event.task
                                   : !dependent(sleep_[i].event, done.event);
      if (commutes) sleep_.push_back(Act(sleep_[i]));
    }
  }
  node.sleep_end = static_cast<std::uint32_t>(sleep_.size());
  path_.push_back(node);
}

bool Dpor::asleep(const Node& node, TaskId task, std::uint32_t alternative) const {
  for (std::uint32_t i = node.sleep_begin; i < node.sleep_end; ++i)
    if (sleep_[i].event.task == task && sleep_[i].event.alternative == alternative) return true;
  return false;
}

// Without preemption where that is new; a task that has yielded or slept asked that others go on.
std::size_t Dpor::choose(std::span<const Ready> ready, TaskId current) const {
  const Node& node = path_.back();
  std::size_t first = without_preemption(ready, current);
  if (depth_ > 0 && (path_[depth_ - 1].op == Op::yield || path_[depth_ - 1].op == Op::sleep))
    while (first < ready.size() && ready[first].task == current) ++first;
  for (std::size_t i = 0; i < ready.size(); ++i) {
    const std::size_t index = (first + i) % ready.size();
    if (!asleep(node, ready[index].task, ready[index].event.alternative)) return index;
  }
  return nowhere;
}

// The choice of a branch. That it is not there means that the order of events that was computed is
// not the one of the program, as where it looks at the clock in the midst of a step.
std::size_t Dpor::look_up(std::span<const Ready> ready, Node& node) {
  for (std::size_t i = 0; i < ready.size(); ++i)
    if (is(ready[i], node.choice)) return i;
  incomplete_ = true;
  return nowhere;
}

std::size_t Dpor::take(std::span<const Ready> ready, std::size_t index) {
  const Ready& entry = ready[index];
  Node& node = path_[depth_];
  if (node.index == nowhere) {
    node.index = static_cast<std::uint32_t>(index);
    node.choice = {entry.task, static_cast<std::uint16_t>(entry.event.alternative)};
    node.op = entry.event.op;
    note_alternatives(ready, node);
  }
  Pending& known = pending(entry.task);
  if (depth_ >= trace_.size()) {
    open_.emplace_back();
    Trace::Step& step = open_.back();
    step.act.event = entry.event;
    step.expected = entry.event.before;
    step.inside = node.inside;
    step.after = known.after;
    step.made_possible = known.made_possible;
  }
  awaiting_ = watches().has(entry.event.op);
  known.after = known.made_possible = nowhere;
  known.has_run = true;
  known.noticed = false;
  known.is_blocked = false;
  known.last = entry.event.op;
  if (!node.inside) last_whole_ = depth_;
  ++depth_;
  return index;
}

// The other outcomes of the event that was chosen.
void Dpor::note_alternatives(std::span<const Ready> ready, const Node& node) {
  for (const Ready& entry : ready) {
    if (entry.task != node.choice.task || is(entry, node.choice)) continue;
    Trace::Step step;
    step.act = trace_.act_of(entry.event);
    step.after = pending(entry.task).after;
    step.inside = node.inside;
    disabled_.push_back({depth_, step});
  }
}

std::size_t Dpor::give_up(std::uint64_t& count) {
  ++count;
  gave_up_ = true;
  return abandon;
}

// All that may be in a race, or comes between two that are.
Ops Dpor::watches() const {
  return Ops(Op::load, Op::store, Op::rmw, Op::cas, Op::fence, Op::read_point, Op::write_point) |
         Ops(Op::try_lock, Op::try_lock_shared, Op::lock, Op::lock_shared, Op::unlock,
             Op::unlock_shared, Op::semaphore_wait, Op::semaphore_post, Op::futex_wait,
             Op::futex_wake, Op::wait, Op::notify, Op::once, Op::guard, Op::barrier) |
         Ops(Op::map, Op::unmap, Op::discard, Op::protect, Op::spawn, Op::join, Op::yield,
             Op::sleep, Op::point, Op::clock, Op::signal, Op::descriptor);
}

// The first one after a step was chosen is that step, if it is one of those: what comes after it
// may be an event of a task that is alone.
void Dpor::executed(const Event& event) {
  if (!awaiting_ || event.op != path_[depth_ - 1].op) return note_alone(event);
  awaiting_ = false;
  for (std::size_t i = open_.size(); i-- > 0;) {
    const std::uint32_t alternative = open_[i].act.event.alternative;
    open_[i].act.event = event;
    open_[i].act.event.alternative = alternative;
    if (!open_[i].inside) return;
  }
}

// Nobody else is left, and nobody is asked; the next event of a task that had others beside it in
// another execution. Before the first choice there was nobody to be in a race with. After very many
// of them the rest is left out: that is exact where all others have been joined, and no more come.
void Dpor::note_alone(const Event& event) {
  constexpr Position most = 4096;
  if (rest_ || gave_up_ || depth_ == 0 || event.task != only_) return;
  if (left_out_) return;
  settle();
  if (alone_++ == most) {
    left_out_ = true;
    const Trace::Word* const before = trace_.before(depth_ - 1);
    for (Position i = 0; i + 1 < depth_; ++i) incomplete_ = incomplete_ || !Trace::has(before, i);
    return;
  }
  if (depth_ < path_.size() && (!path_[depth_].alone || path_[depth_].op != event.op))
    return note_other_alone(event);
  if (depth_ == path_.size()) {
    push_node(0, false);
    Node& node = path_.back();
    node.alone = true;
    node.choice.task = event.task;
    node.op = event.op;
  }
  step_alone(event);
}

void Dpor::step_alone(const Event& event) {
  Pending& known = pending(event.task);
  if (depth_ >= trace_.size()) {
    Trace::Step step;
    step.act = trace_.act_of(event);
    step.act.event.alternative = 0;
    step.expected = event.before;  // now it is what was read
    step.expects_any = event.failed;
    step.after = known.after;
    step.made_possible = known.made_possible;
    trace_.add(step);
  }
  known = Pending{};
  known.has_run = true;
  known.last = event.op;
  last_whole_ = depth_++;
}

// ------------------------------------------------------------------------------------------------
// The end of an execution, and the next one

void Dpor::end() {
  if (rest_ || !diverged_.empty()) return;
  settle();
  if (depth_ < path_.size() && !gave_up_) return note_early_end();
  turn_races();
  if (gave_up_) return;
  ++(completed_ ? tally_.completed : tally_.blocked);
  counts_ = bound_ < 0 || !completed_ || fits_into(trace_, static_cast<std::uint32_t>(bound_));
  if (!counts_) ++tally_.beyond_bound;
}

void Dpor::resume(std::uint64_t executions, std::span<const Choice> path) {
  if (executions == 0) return;
  rest_ = std::make_unique<Dfs>(bound_);
  if (rest_was_begun_) rest_->resume(executions, path);
}

// To the last step from which something is left to explore. False: there is none.
bool Dpor::to_next_branch() {
  for (; !path_.empty(); path_.pop_back()) {
    Node& node = path_.back();
    const auto at = static_cast<Position>(path_.size() - 1);
    sleep_.resize(node.sleep_end);
    if (node.branches == WakeupTrees::none) continue;
    if (at < trace_.size()) {
      sleep_.push_back(trace_.step(at).act);
      ++node.sleep_end;
    }
    const Event& wanted = trees_[node.branches].act.event;
    node.choice = {wanted.task, static_cast<std::uint16_t>(wanted.alternative)};
    node.op = wanted.op;
    node.index = nowhere;
    inherited_ = trees_.take_first(node.branches);
    Position whole = at;
    while (path_[whole].inside) --whole;
    trace_.truncate(whole);
    return true;
  }
  return false;
}

void Dpor::note(std::span<const Ready> ready, const Node& node) {
  diverged_ = fmt::format(
      "the program does not do the same for the same choices: at step {} of execution {} there was "
      "another choice before, of which task {} was taken ({}); ready now: {}",
      depth_ + 1, execution_, node.choice.task, name_of(node.op), ready_text(ready, {}));
}

void Dpor::note_other_alone(const Event& event) {
  diverged_ = fmt::format(
      "the program does not do the same for the same choices: after step {} of execution {} task "
      "{} "
      "was alone and did another thing before ({}); now: {}",
      depth_, execution_, event.task, name_of(path_[depth_].op), name_of(event.op));
  gave_up_ = true;
}

void Dpor::note_early_end() {
  diverged_ = fmt::format(
      "the program does not do the same for the same choices: execution {} ended after step {}, "
      "where before it had gone on to step {} at least",
      execution_, depth_, path_.size());
}

std::unique_ptr<Strategy> make_dpor(int preemptions) { return std::make_unique<Dpor>(preemptions); }

}  // namespace harness
