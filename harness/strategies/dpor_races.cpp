// What dpor learns from an execution: each race in it, turned round, is the beginning of another
// one.
#include <algorithm>

#include "harness/strategies/dpor.hpp"

namespace harness {

void Dpor::turn_races() {
  const Position size = trace_.size();
  apart_known_.assign(std::size_t{size} + 1, false);
  for (Position second = 1; second < size; ++second) turn_races_of(second);
  for (const Pending& waiting : pending_) {
    if (!waiting.is_blocked || completed_) continue;  // the last task to end went on unasked
    Trace::Step step;
    step.act = trace_.act_of(waiting.blocked);
    step.expected = waiting.blocked.before;
    step.after = waiting.after;
    trace_.probe(step);
    turn_races_of(size);
  }
  for (const Disabled& disabled : disabled_) {
    trace_.probe(disabled.step);
    turn(disabled.by, size);
  }
}

void Dpor::turn_races_of(Position second) {
  const Word* const races = trace_.races(second);
  trace_.each_down(races, [&](Position first) { turn(first, second); });
}

// The steps after `first` that did not need it.
const Trace::Word* Dpor::apart_from(Position first) {
  if (apart_.rows() <= trace_.size() || scratch_width_ != trace_.words()) {
    apart_.resize(std::max<std::size_t>(apart_.rows(), std::size_t{trace_.size()} * 2 + 1));
    apart_.widen(trace_.words());
    scratch_.widen(trace_.words());
    scratch_width_ = trace_.words();
    std::fill(apart_known_.begin(), apart_known_.end(), false);
  }
  Word* const row = apart_.row(first);
  if (apart_known_[first]) return row;
  apart_known_[first] = true;
  std::fill_n(row, trace_.words(), 0);
  for (Position i = first + 1; i < trace_.size(); ++i)
    if (!trace_.happens_before(first, i)) Trace::put(row, i);
  return row;
}

void Dpor::turn(Position first, Position second) {
  const Word* const apart = apart_from(first);
  Word* const before = scratch_.row(0);
  std::copy_n(apart, trace_.words(), before);
  for (Position i = 0; i < first; ++i) Trace::put(before, i);
  Act act = trace_.step(second).act;
  act.event = trace_.event_in(trace_.step(second), before);
  Word* const beginning = scratch_.row(1);
  std::copy_n(apart, trace_.words(), beginning);
  trace_.before_in(second, beginning, scratch_.row(3));
  Node& node = path_[first];
  if (!is_known(node, beginning, second, act)) plan(node, beginning, second, act);
}

// Whether `act` could come first in the beginning (its steps, then the last one): because it does,
// or because it commutes with all of it.
Dpor::Match Dpor::match(const Act& act, const Word* beginning, Position last, const Act& last_act) {
  const Event& event = act.event;
  Position own = trace_.first_of(trace_.steps_of(event.task), beginning);
  if (own == nowhere && last != nowhere && last_act.event.task == event.task) own = last;
  if (own != nowhere) {
    const bool same = trace_.step(own).act.event.alternative == event.alternative;
    const Word* const before = own == last ? scratch_.row(3) : trace_.before(own);
    return same && !trace_.intersects(before, beginning) ? Match::first : Match::no;
  }
  if (last != nowhere && dependent(event, last_act.event)) return Match::no;
  Word* const conflicts = scratch_.row(2);
  trace_.conflicts(act, conflicts);
  return trace_.intersects(conflicts, beginning) ? Match::no : Match::apart;
}

bool Dpor::is_known(const Node& node, const Word* beginning, Position last, const Act& last_act) {
  for (std::uint32_t i = node.sleep_begin; i < node.sleep_end; ++i)
    if (match(sleep_[i], beginning, last, last_act) != Match::no) return true;
  return false;
}

// Into the wakeup tree: down the first branches that could come first, as far as there are any.
void Dpor::plan(Node& node, Word* beginning, Position last, const Act& last_act) {
  WakeupTrees::Id parent = WakeupTrees::none;
  for (WakeupTrees::Id branch = node.branches; branch != WakeupTrees::none;) {
    const Act& act = trees_[branch].act;
    const Match found = match(act, beginning, last, last_act);
    if (found == Match::no) {
      branch = trees_[branch].next;
      continue;
    }
    if (trees_[branch].first_below == WakeupTrees::none) return;
    if (found == Match::first) {
      const Position own = trace_.first_of(trace_.steps_of(act.event.task), beginning);
      if (own != nowhere)
        Trace::drop(beginning, own);
      else
        last = nowhere;
    }
    parent = branch;
    branch = trees_[branch].first_below;
  }
  const auto add = [&](const Act& act) {
    parent = parent == WakeupTrees::none ? trees_.append(node.branches, act)
                                         : trees_.append_below(parent, act);
  };
  // Inside a step nobody else can go first.
  if (node.inside && last != nowhere) add(last_act);
  for (Position i = 0; i < trace_.size(); ++i)
    if (Trace::has(beginning, i)) add(trace_.step(i).act);
  if (!node.inside && last != nowhere) add(last_act);
}

}  // namespace harness
