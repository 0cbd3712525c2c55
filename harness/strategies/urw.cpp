// urw: uniform random walk (Zhao, Wolff, Mathur, Roychoudhury, "Selectively uniform concurrency
// testing", ASPLOS 2025). The next task is drawn by the number of events that it has yet to execute,
// so that every interleaving of tasks without blocking has the same chance; drawn without weights,
// those in which a long task runs early have next to none.
//
// Where it differs from the paper:
// - The numbers are not from one run for the purpose, but from the last execution that came to its
//   end. Until there is one, the walk has no weights.
// - A task that goes on for longer than expected counts as having one event left.
// - Which alternative of its event a task takes is drawn uniformly.
//
// An execution depends on seed, number and the execution before it. A new worker begins to count anew.
#include <algorithm>
#include <vector>

#include "harness/strategies/draws.hpp"
#include "harness/strategies/each.hpp"
#include "harness/strategies/entries.hpp"
#include "harness/strategies/remaining.hpp"

namespace harness {
namespace {

class Urw final : public Strategy {
 public:
  explicit Urw(Stream stream) : draws_(stream) {}

  bool begin(std::uint64_t execution) override {
    draws_.start(execution);
    remaining_.begin(expected_);
    counts_.assign(expected_.size(), 0);
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId /*current*/) override {
    remaining_.look(ready);
    const std::size_t index = any_of(draw(ready), draws_);
    const TaskId task = ready[index].task;
    remaining_.took(task, true);
    if (task >= counts_.size()) counts_.resize(std::size_t{task} + 1, 0);
    ++counts_[task];
    return index;
  }

  void completed() override { expected_ = counts_; }

 private:
  std::uint32_t weight(TaskId task) const { return std::max(remaining_.of(task), 1u); }

  Entries draw(std::span<const Ready> ready) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < ready.size(); i += entries_at(ready, i).count)
      sum += weight(ready[i].task);
    std::uint32_t drawn = draws_.below(sum);
    for (std::size_t i = 0;;) {
      const Entries entries = entries_at(ready, i);
      const std::uint32_t mine = weight(ready[i].task);
      if (drawn < mine) return entries;
      drawn -= mine;
      i += entries.count;
    }
  }

  Draws draws_;
  Remaining remaining_;
  std::vector<std::uint32_t> expected_;  // events of each task in the last complete execution
  std::vector<std::uint32_t> counts_;    // and in this one
};

}  // namespace

std::unique_ptr<Strategy> make_urw(Stream stream) { return std::make_unique<Urw>(stream); }

}  // namespace harness
