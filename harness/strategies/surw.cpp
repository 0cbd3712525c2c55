// surw: selectively uniform random walk (Zhao, Wolff, Mathur, Roychoudhury, "Selectively uniform
// concurrency testing", ASPLOS 2025). In each execution the events on one object are the interesting
// ones, and their interleavings are sampled uniformly: which task executes the next of them is drawn by
// how many each has yet to execute, and all others wait before theirs. What is not interesting runs by
// random priorities, each drawn anew when its task has executed an event.
//
// The interesting object is drawn for every execution by how often it was used, and who executes the next
// event on it when the first task has come to one, among those that can go on: as the authors' program
// does. Where it differs from the paper:
// - The object is one that two tasks have used and one has changed, locks included; and the numbers are
//   those of the last execution that came to its end, not from one run for the purpose. Until there is
//   one, nothing is interesting.
// - Where nobody else can run than tasks before an interesting event, one of them is drawn anew.
// - Which alternative of its event a task takes is drawn uniformly.
//
// An execution depends on seed, number and the execution before it. A new worker begins to count anew.
#include <algorithm>
#include <utility>
#include <vector>

#include "harness/strategies/draws.hpp"
#include "harness/strategies/each.hpp"
#include "harness/strategies/entries.hpp"
#include "harness/strategies/object_counts.hpp"
#include "harness/strategies/remaining.hpp"

namespace harness {
namespace {

// Each task has a random priority, drawn anew when it has executed an event.
class TaskPriorities {
 public:
  void begin() { drawn_.assign(drawn_.size(), false); }
  void executed(TaskId task) { drawn_[task] = false; }
  std::uint64_t of(TaskId task, Draws& draws) {
    if (task >= drawn_.size()) {
      drawn_.resize(std::size_t{task} + 1, false);
      priority_.resize(std::size_t{task} + 1, 0);
    }
    if (!drawn_[task]) priority_[task] = draws.word();
    drawn_[task] = true;
    return priority_[task];
  }

 private:
  std::vector<std::uint64_t> priority_;
  std::vector<bool> drawn_;
};

class Surw final : public Strategy {
 public:
  explicit Surw(Stream stream) : draws_(stream) {}

  bool begin(std::uint64_t execution) override {
    draws_.start(execution);
    choose_object();
    counts_.clear();
    priorities_.begin();
    release_all();
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId /*current*/) override {
    remaining_.look(ready, [this](TaskId child, TaskId parent, std::uint32_t all, std::uint32_t its) {
      if (intended_ == parent && all != 0 && draws_.below(all) < its) intended_ = child;
    });
    const std::size_t index = any_of(draw(ready), draws_);
    const Event& event = ready[index].event;
    const bool interesting = is_interesting(event);
    remaining_.took(event.task, interesting);
    if (interesting) release_all();
    priorities_.executed(event.task);
    counts_.add(event);
    return index;
  }

  void completed() override { std::swap(expected_, counts_), expected_.find_shared(); }

 private:
  void choose_object() {
    std::uint32_t sum = 0;
    for (const std::uint32_t number : expected_.shared()) sum += expected_.uses(number);
    has_interest_ = sum != 0;
    if (!has_interest_) return remaining_.begin({});
    std::uint32_t drawn = draws_.below(sum);
    std::size_t i = 0;
    for (; drawn >= expected_.uses(expected_.shared()[i]); ++i)
      drawn -= expected_.uses(expected_.shared()[i]);
    const std::uint32_t number = expected_.shared()[i];
    interesting_ = expected_.object(number);
    remaining_.begin(expected_.counts(number));
  }

  bool is_interesting(const Event& event) const {
    return has_interest_ && event.object == interesting_;
  }
  bool waits(TaskId task) const { return task < waits_.size() && waits_[task]; }
  void release_all() {
    intended_ = no_task;
    waits_.assign(waits_.size(), false);
  }

  // The one of the highest priority among those that do not wait. The first to come to an interesting
  // event has it drawn who executes it; where that is another one, it waits until that one has.
  Entries draw(std::span<const Ready> ready) {
    for (;;) {
      const Entries top = highest(ready);
      if (top.count == 0) {  // all of them wait for one that cannot go on
        release_all();
        continue;
      }
      const Event& event = ready[top.first].event;
      if (!is_interesting(event)) return top;
      if (intended_ == no_task) intended_ = by_remaining(ready, event.task);
      if (intended_ == event.task) return top;
      if (event.task >= waits_.size()) waits_.resize(std::size_t{event.task} + 1, false);
      waits_[event.task] = true;
    }
  }

  Entries highest(std::span<const Ready> ready) {
    Entries top{0, 0};
    std::uint64_t best = 0;
    for (std::size_t i = 0; i < ready.size();) {
      const Entries entries = entries_at(ready, i);
      const TaskId task = ready[i].task;
      i += entries.count;
      if (waits(task)) continue;
      const std::uint64_t priority = priorities_.of(task, draws_);
      if (top.count != 0 && priority <= best) continue;
      best = priority;
      top = entries;
    }
    return top;
  }

  // One of those that can go on, by the interesting events it has left; `first` has one at least.
  TaskId by_remaining(std::span<const Ready> ready, TaskId first) {
    const auto weight = [&](TaskId task) {
      return std::max(remaining_.of(task), task == first ? 1u : 0u);
    };
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < ready.size(); i += entries_at(ready, i).count)
      sum += weight(ready[i].task);
    std::uint32_t drawn = draws_.below(sum);
    std::size_t i = 0;
    for (; drawn >= weight(ready[i].task); i += entries_at(ready, i).count)
      drawn -= weight(ready[i].task);
    return ready[i].task;
  }

  Draws draws_;
  Remaining remaining_;
  ObjectCounts expected_, counts_;  // of the last complete execution, and of this one
  TaskPriorities priorities_;
  std::uintptr_t interesting_ = 0;
  bool has_interest_ = false;
  TaskId intended_ = no_task;  // the one that executes the next interesting event
  std::vector<bool> waits_;    // by task: before its interesting event, until the intended one's
};

}  // namespace

std::unique_ptr<Strategy> make_surw(Stream stream) { return std::make_unique<Surw>(stream); }

}  // namespace harness
