// surw: selectively uniform random walk (Zhao, Wolff, Mathur, Roychoudhury, "Selectively uniform
// concurrency testing", ASPLOS 2025). In each execution the events on one object are the interesting
// ones, and their interleavings are sampled uniformly: which task executes the next of them is drawn by
// how many each has yet to execute, and all others wait before theirs. What is not interesting runs in
// an order drawn uniformly.
//
// Where it differs from the paper:
// - The interesting object is drawn for every execution among those that two tasks have used and one has
//   changed, locks included; and the numbers are those of the last execution that came to its end, not
//   from one run for the purpose. Until there is one, everything is drawn uniformly.
// - Where nobody else can run than tasks before an interesting event, one of them is drawn anew.
// - Which alternative of its event a task takes is drawn uniformly.
//
// An execution depends on seed, number and the execution before it. A new worker begins to count anew.
#include <utility>
#include <vector>

#include "harness/strategies/draws.hpp"
#include "harness/strategies/each.hpp"
#include "harness/strategies/entries.hpp"
#include "harness/strategies/object_counts.hpp"
#include "harness/strategies/remaining.hpp"

namespace harness {
namespace {

class Surw final : public Strategy {
 public:
  explicit Surw(Stream stream) : draws_(stream) {}

  bool begin(std::uint64_t execution) override {
    draws_.start(execution);
    const auto& shared = expected_.shared();
    has_interest_ = !shared.empty();
    if (has_interest_) {
      const auto drawn = draws_.below(static_cast<std::uint32_t>(shared.size()));
      interesting_ = expected_.object(shared[drawn]);
      remaining_.begin(expected_.counts(shared[drawn]));
    } else {
      remaining_.begin({});
    }
    counts_.clear();
    draw_intended();
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
    if (interesting) draw_intended();
    counts_.add(event);
    return index;
  }

  void completed() override { std::swap(expected_, counts_), expected_.find_shared(); }

 private:
  bool is_interesting(const Event& event) const {
    return has_interest_ && event.object == interesting_;
  }
  bool may_run(const Ready& entry) const {
    return intended_ == no_task || entry.task == intended_ || !is_interesting(entry.event);
  }

  // By what is left; no_task where nothing is.
  void draw_intended() {
    intended_ = no_task;
    if (!has_interest_) return;
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < remaining_.tasks(); ++i) sum += remaining_.of(static_cast<TaskId>(i));
    if (sum == 0) return;
    std::uint32_t drawn = draws_.below(sum);
    for (intended_ = 0; drawn >= remaining_.of(intended_); ++intended_)
      drawn -= remaining_.of(intended_);
  }

  Entries draw(std::span<const Ready> ready) {
    std::uint32_t may = count(ready);
    if (may == 0) {  // all of them wait for one that cannot
      intended_ = no_task;
      may = count(ready);
    }
    std::uint32_t drawn = may == 1 ? 0 : draws_.below(may);
    for (std::size_t i = 0;;) {
      const Entries entries = entries_at(ready, i);
      if (may_run(ready[i]) && drawn-- == 0) return entries;
      i += entries.count;
    }
  }
  std::uint32_t count(std::span<const Ready> ready) const {
    std::uint32_t may = 0;
    for (std::size_t i = 0; i < ready.size(); i += entries_at(ready, i).count)
      may += may_run(ready[i]) ? 1 : 0;
    return may;
  }

  Draws draws_;
  Remaining remaining_;
  ObjectCounts expected_, counts_;  // of the last complete execution, and of this one
  std::uintptr_t interesting_ = 0;
  bool has_interest_ = false;
  TaskId intended_ = no_task;  // the one that executes the next interesting event
};

}  // namespace

std::unique_ptr<Strategy> make_surw(Stream stream) { return std::make_unique<Surw>(stream); }

}  // namespace harness
