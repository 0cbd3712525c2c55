#include "harness/engine/lock_order.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/engine/engine.hpp"

namespace harness {
namespace {

// Who holds it keeps the other one out.
bool exclude(const Held& a, const Held& b) {
  return a.object == b.object && !(a.shared && b.shared);
}

Event event_of(const Held& held, TaskId task) {
  return {.step = held.step,
          .task = task,
          .op = held.shared ? Op::lock_shared : Op::lock,
          .object = held.object->address,
          .where = held.where};
}

// Whether all that `task` had done at `time` was over before what `other` did at `other_time`,
// however the tasks are scheduled: by the start and the joining of tasks alone.
class StartedAndJoined {
 public:
  explicit StartedAndJoined(const Engine& engine)
      : engine_(engine), seen_(engine.task_count(), 0) {}

  bool precedes(TaskId task, std::uint64_t time, TaskId other, std::uint64_t other_time) {
    if (task == other) return time <= other_time;
    if (seen_[other] >= other_time) return false;
    seen_[other] = other_time;
    const Task& later = engine_.task(other);
    if (later.creator != nullptr && precedes(task, time, later.creator->id, later.created_at))
      return true;
    for (TaskId joined = 0; joined < engine_.task_count(); ++joined) {
      const Task& ended = engine_.task(joined);
      if (ended.joined_by == other && ended.joined_at <= other_time &&
          precedes(task, time, joined, ended.joined_at))
        return true;
    }
    return false;
  }

 private:
  const Engine& engine_;
  std::vector<std::uint64_t> seen_;
};

bool are_ordered(const Engine& engine, const Nesting& a, const Nesting& b) {
  return StartedAndJoined(engine).precedes(a.task, a.time, b.task, b.time) ||
         StartedAndJoined(engine).precedes(b.task, b.time, a.task, a.time);
}

}  // namespace

void LockOrder::begin() {
  nestings_.clear();
  holds_.clear();
}

void LockOrder::took(Engine& engine, const Held& inner) {
  const Task& me = engine.current();
  for (const Held& outer : me.held) {
    if (outer.object == inner.object || nestings_.size() == most_nestings) continue;
    Nesting made{.outer = outer, .inner = inner, .task = me.id, .time = engine.time()};
    made.holds_begin = static_cast<std::uint32_t>(holds_.size());
    holds_.insert(holds_.end(), me.held.begin(), me.held.end());
    made.holds_end = static_cast<std::uint32_t>(holds_.size());
    if (is_known(made)) {
      holds_.resize(made.holds_begin);
      continue;
    }
    made.next = outer.object->nestings;
    made.taking = engine.recorded(engine.executing());
    nestings_.push_back(made);
    outer.object->nestings = static_cast<std::uint32_t>(nestings_.size());
    path_.assign(1, &nestings_.back());
    std::size_t looks = 0;
    if (closes_cycle(engine, looks)) report(engine);
  }
}

bool LockOrder::is_known(const Nesting& nesting) const {
  const auto held = [&](const Nesting& one) {
    return std::span(holds_).subspan(one.holds_begin, one.holds_end - one.holds_begin);
  };
  const auto same = [](const Held& a, const Held& b) {
    return a.object == b.object && a.shared == b.shared;
  };
  for (std::uint32_t at = nesting.outer.object->nestings; at != 0; at = nestings_[at - 1].next) {
    const Nesting& known = nestings_[at - 1];
    if (known.task == nesting.task && same(known.inner, nesting.inner) &&
        std::ranges::equal(held(known), held(nesting), same))
      return true;
  }
  return false;
}

// Depth first over what was taken under the lock that the last of the path wanted, until one wants
// what the first holds.
bool LockOrder::closes_cycle(const Engine& engine, std::size_t& looks) {
  const Held wanted = path_.back()->inner;
  if (path_.size() > 1 && exclude(wanted, path_.front()->outer)) return true;
  if (path_.size() == longest_cycle) return false;
  for (std::uint32_t at = wanted.object->nestings; at != 0; at = nestings_[at - 1].next) {
    if (++looks > most_looks) return false;
    const Nesting& next = nestings_[at - 1];
    if (!exclude(wanted, next.outer) || !fits(engine, next)) continue;
    path_.push_back(&next);
    if (closes_cycle(engine, looks)) return true;
    path_.pop_back();
  }
  return false;
}

// All of a cycle stand there at the same time: different tasks, that may be where they are
// together.
bool LockOrder::fits(const Engine& engine, const Nesting& next) const {
  return std::none_of(path_.begin(), path_.end(), [&](const Nesting* other) {
    return other->task == next.task || share_gate(*other, next) ||
           are_ordered(engine, *other, next);
  });
}

bool LockOrder::share_gate(const Nesting& a, const Nesting& b) const {
  for (std::uint32_t i = a.holds_begin; i < a.holds_end; ++i)
    for (std::uint32_t j = b.holds_begin; j < b.holds_end; ++j)
      if (exclude(holds_[i], holds_[j])) return true;
  return false;
}

void LockOrder::report(Engine& engine) const {
  std::vector<Recorded> events;
  for (const Nesting* const nesting : path_) {
    events.push_back(without_stack(event_of(nesting->outer, nesting->task)));
    events.push_back(nesting->taking);
  }
  engine.warn("lock-order", events, [&] {
    std::string text;
    for (const Nesting* const nesting : path_)
      text +=
          fmt::format("{}{} takes {} while it holds {}", text.empty() ? "" : ", ",
                      engine.name(nesting->task), mention_object(nesting->inner.object->address),
                      mention_object(nesting->outer.object->address));
    return text + ": in another interleaving each waits for the next for ever";
  });
}

}  // namespace harness
