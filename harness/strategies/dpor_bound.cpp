#include "harness/strategies/dpor_bound.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace harness {
namespace {

// Walks back over the sets of steps that an interleaving of the trace may begin with, from all of
// them to none, those with the fewest preemptions first.
class Search {
 public:
  explicit Search(const Trace& trace) : trace_(trace) {
    for (Trace::Position i = 0; i < trace.size(); ++i) {
      const TaskId task = trace.task(i);
      if (task >= steps_.size()) steps_.resize(std::size_t{task} + 1);
      steps_[task].push_back(i);
    }
  }

  bool fits_into(std::uint32_t bound) {
    Cuts now = ends(), later;
    std::set<Cut> seen;
    for (std::uint32_t used = 0; used <= bound; ++used) {
      while (!now.empty()) {
        const Cut cut = std::move(now.back());
        now.pop_back();
        if (is_empty(cut)) return true;
        if (!seen.insert(cut).second) continue;
        if (seen.size() > most) return true;
        go_back(cut, now, later);
      }
      now.swap(later);
    }
    return false;
  }

 private:
  static constexpr std::size_t most = std::size_t{1} << 18;
  struct Cut {
    std::vector<std::uint32_t> taken;  // by task
    TaskId task;                       // of the step after them
    auto operator<=>(const Cut&) const = default;
  };
  using Cuts = std::vector<Cut>;

  Cuts ends() const {
    Cut all{{}, no_task};
    for (const auto& own : steps_) all.taken.push_back(static_cast<std::uint32_t>(own.size()));
    Cuts ends;
    for (TaskId task = 0; task < steps_.size(); ++task)
      if (is_last(all, task)) ends.push_back(without_last_of(all, task));
    return ends;
  }

  static bool is_empty(const Cut& cut) {
    return std::all_of(cut.taken.begin(), cut.taken.end(),
                       [](std::uint32_t taken) { return taken == 0; });
  }

  void go_back(const Cut& cut, Cuts& same, Cuts& more) {
    fill(cut);
    for (TaskId task = 0; task < steps_.size(); ++task) {
      if (!is_last(cut, task)) continue;
      const bool preempts = task != cut.task && could_go_on(cut, task);
      (preempts ? more : same).push_back(without_last_of(cut, task));
    }
  }

  // Without the task's last step, nor those before it that could come last as well, as long as it
  // would not have had to wait after them.
  Cut without_last_of(Cut cut, TaskId task) const {
    --cut.taken[task];
    cut.task = task;
    while (is_last(cut, task) && !trace_.can_wait(trace_.step(steps_[task][cut.taken[task]])))
      --cut.taken[task];
    return cut;
  }

  // The task has a step in the cut, and none of another task has to come after it.
  bool is_last(const Cut& cut, TaskId task) const {
    if (cut.taken[task] == 0) return false;
    const Trace::Position step = steps_[task][cut.taken[task] - 1];
    for (TaskId other = 0; other < steps_.size(); ++other) {
      if (other == task || cut.taken[other] == 0) continue;
      if (trace_.happens_before(step, steps_[other][cut.taken[other] - 1])) return false;
    }
    return true;
  }

  void fill(const Cut& cut) {
    set_.assign(trace_.words(), 0);
    for (std::size_t task = 0; task < steps_.size(); ++task)
      for (std::uint32_t i = 0; i < cut.taken[task]; ++i) Trace::put(set_.data(), steps_[task][i]);
  }

  // All that must come before it has.
  bool is_next(Trace::Position step) const {
    const Trace::Word* const before = trace_.before(step);
    for (std::size_t w = 0; w < trace_.words(); ++w)
      if ((before[w] & ~set_[w]) != 0) return false;
    return true;
  }

  // To leave the task, which has the last step of the cut, would be a preemption.
  bool could_go_on(const Cut& cut, TaskId task) const {
    const auto& own = steps_[task];
    const std::uint32_t taken = cut.taken[task];
    if (taken == own.size()) return false;
    const Op before = trace_.step(own[taken - 1]).act.event.op;
    const Trace::Step& next = trace_.step(own[taken]);
    if (before == Op::yield || before == Op::sleep) return next.inside;
    if (next.after != Trace::none && !Trace::has(set_.data(), next.after)) return false;
    if (next.made_possible != Trace::none && !trace_.can_wait(next)) return is_next(own[taken]);
    if (!trace_.can_wait(next)) return true;
    if (next.act.event.op == Op::join) return is_next(own[taken]);
    if (next.act.event.op == Op::lock && !was_taken(next.act.event.object)) return false;
    return trace_.possible_in(next, set_.data());
  }

  bool was_taken(std::uintptr_t lock) const {
    for (Trace::Position i = 0; i < trace_.size(); ++i) {
      const Event& event = trace_.step(i).act.event;
      const bool takes = (event.op == Op::lock || event.op == Op::try_lock) && !event.failed;
      if (takes && event.object == lock && Trace::has(set_.data(), i)) return true;
    }
    return false;
  }

  const Trace& trace_;
  std::vector<std::vector<Trace::Position>> steps_;  // by task
  std::vector<Trace::Word> set_;
};

}  // namespace

bool fits_into(const Trace& trace, std::uint32_t bound) { return Search(trace).fits_into(bound); }

}  // namespace harness
