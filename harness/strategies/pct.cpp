// pct: probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, "A
// randomized scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010). Every task has
// a random priority, the highest ready one runs, and at d - 1 random steps the running task gets a
// low one. A bug of depth d shows in an execution with probability 1/(n k^(d-1)) or more: n tasks,
// k steps.
//
// Where it differs from the paper:
// - k counts choice steps only, those with more than one ready task. Elsewhere a priority decides
//   nothing, so that a change there can wait for the task's next choice step.
// - A change point comes before the step, not after it, and no two fall on the same one: it lowers
//   the task that would run now. As in the paper the i-th point drawn lowers to i, above those
//   drawn earlier, wherever it lies.
// - k is not given: it is the largest number of choice steps of the executions of this and the last
//   block of 128 (a single endless one does not spoil the search for good). Before anything is
//   known there are no change points.
// - Without a given depth, execution i has depth 1 + i mod 5.
// - A task that yields, sleeps or times out goes below all others when it has done so; that is when
//   nobody else has the way, so that neither it nor those it waits for starve.
// - Which alternative of its event a task takes is drawn uniformly.
//
// An execution depends on seed, number, depth and k, and so on the executions before it only
// through k. A new worker is told k by recall(); without, it begins to look anew.
#include <algorithm>
#include <vector>

#include "harness/strategies/dependence.hpp"
#include "harness/strategies/draws.hpp"
#include "harness/strategies/each.hpp"
#include "harness/strategies/entries.hpp"

namespace harness {
namespace {

constexpr std::uint64_t block_executions = 128;
constexpr std::uint64_t usual_depths = 5;

class Pct final : public Strategy {
 public:
  Pct(Stream stream, int depth) : draws_(stream), depth_(static_cast<std::uint64_t>(depth)) {}

  bool begin(std::uint64_t execution) override {
    draws_.start(execution);
    if (execution / block_executions != block_) {
      block_ = execution / block_executions;
      before_ = longest_;
      longest_ = 0;
    }
    std::fill(priorities_.begin(), priorities_.end(), not_drawn);
    lowest_ = 0;
    choice_steps_ = 0;
    draw_points((depth_ != 0 ? depth_ : 1 + execution % usual_depths) - 1);
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId /*current*/) override {
    Entries top = highest(ready);
    if (top.count < ready.size() && is_change_point(++choice_steps_)) {
      priorities_[ready[top.first].task] = points_[passed_++].priority;
      top = highest(ready);
    }
    const std::size_t index = any_of(top, draws_);
    const Event& event = ready[index].event;
    if (gives_way(event)) priorities_[ready[index].task] = --lowest_;
    return index;
  }

  void end() override { longest_ = std::max(longest_, choice_steps_); }

  std::uint64_t memory() const override { return std::uint64_t{before_} << 32 | longest_; }
  void recall(std::uint64_t memory) override {
    before_ = static_cast<std::uint32_t>(memory >> 32);
    longest_ = static_cast<std::uint32_t>(memory);
  }
  void resume(std::uint64_t executions, std::span<const Choice> /*path*/) override {
    block_ = executions == 0 ? 0 : (executions - 1) / block_executions;
  }

 private:
  // Drawn ones have bit 62; those of change points are small; those that gave way are negative.
  using Priority = std::int64_t;
  static constexpr Priority not_drawn = 0;

  struct Point {
    std::uint32_t step;
    Priority priority;
  };

  // Distinct steps of 1..k, all sets of them equally likely, sorted.
  void draw_points(std::uint64_t wanted) {
    const std::uint32_t k = std::max(before_, longest_);
    const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, k));
    passed_ = 0;
    points_.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      std::uint32_t step = 1 + draws_.below(k - i);  // counting only those not taken yet
      auto place = points_.begin();
      for (; place != points_.end() && place->step <= step; ++place) ++step;
      points_.insert(place, Point{step, Priority{i} + 1});
    }
  }

  bool is_change_point(std::uint32_t choice_step) const {
    return passed_ < points_.size() && points_[passed_].step == choice_step;
  }

  Entries highest(std::span<const Ready> ready) {
    Entries top{0, 0};
    Priority best = 0;
    for (std::size_t i = 0; i < ready.size();) {
      const Entries entries = entries_at(ready, i);
      const Priority priority = priority_of(ready[i].task);
      i += entries.count;
      if (top.count != 0 && priority < best) continue;
      best = priority;
      top = entries;
    }
    return top;
  }

  // Distinct whatever is drawn: the task itself is part of it.
  Priority priority_of(TaskId task) {
    if (task >= priorities_.size()) priorities_.resize(std::size_t{task} + 1, not_drawn);
    Priority& priority = priorities_[task];
    if (priority == not_drawn)
      priority = static_cast<Priority>(std::uint64_t{1} << 62 | draws_.word() >> 18 << 16 | task);
    return priority;
  }

  static bool gives_way(const Event& event) {
    return event.op == Op::yield || event.op == Op::sleep || is_time_out(event);
  }

  Draws draws_;
  std::uint64_t depth_;
  std::uint64_t block_ = 0;
  std::uint32_t before_ = 0;   // most choice steps of an execution: in the last block,
  std::uint32_t longest_ = 0;  // and so far in this one
  // of the execution that runs
  std::vector<Priority> priorities_;  // by task
  std::vector<Point> points_;
  std::size_t passed_ = 0;  // of the points
  std::uint32_t choice_steps_ = 0;
  Priority lowest_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_pct(Stream stream, int depth) {
  return std::make_unique<Pct>(stream, depth);
}

}  // namespace harness
