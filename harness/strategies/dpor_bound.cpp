#include "harness/strategies/dpor_bound.hpp"

#include <algorithm>
#include <map>

namespace harness {
namespace {

// Walks over all sets of steps that an interleaving may begin with,
// those with the fewest preemptions first.
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
    Cut start{std::vector<std::uint32_t>(steps_.size(), 0), no_task};
    std::vector<Cut> now{start}, later;
    for (std::uint32_t used = 0; used <= bound; ++used) {
      while (!now.empty()) {
        const Cut cut = now.back();
        now.pop_back();
        if (!seen_.emplace(cut, used).second) continue;
        if (seen_.size() > most || is_whole(cut)) return true;
        extend(cut, now, later);
      }
      now.swap(later);
    }
    return false;
  }

 private:
  static constexpr std::size_t most = std::size_t{1} << 18;
  struct Cut {
    std::vector<std::uint32_t> taken;  // by task
    TaskId last;
    bool operator<(const Cut& other) const {
      return last != other.last ? last < other.last : taken < other.taken;
    }
  };

  bool is_whole(const Cut& cut) const {
    for (std::size_t task = 0; task < steps_.size(); ++task)
      if (cut.taken[task] < steps_[task].size()) return false;
    return true;
  }

  void extend(const Cut& cut, std::vector<Cut>& same, std::vector<Cut>& more) {
    fill(cut);
    const bool stays = cut.last != no_task && could_go_on(cut);
    for (TaskId task = 0; task < steps_.size(); ++task) {
      if (cut.taken[task] == steps_[task].size() || !is_next(steps_[task][cut.taken[task]]))
        continue;
      Cut after = cut;
      ++after.taken[task];
      after.last = task;
      (stays && task != cut.last ? more : same).push_back(std::move(after));
    }
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

  // To leave the task that ran last would be a preemption.
  bool could_go_on(const Cut& cut) const {
    const auto& own = steps_[cut.last];
    const std::uint32_t taken = cut.taken[cut.last];
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
  std::map<Cut, std::uint32_t> seen_;
};

}  // namespace

bool fits_into(const Trace& trace, std::uint32_t bound) { return Search(trace).fits_into(bound); }

}  // namespace harness
