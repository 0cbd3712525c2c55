// pos: partial order sampling (Yuan, Yang, Gu, "Partial order aware concurrency sampling", CAV
// 2018). Every pending event has a random priority, and the highest runs. Before it does, the
// priorities of the events that race with it are drawn anew, so that events which commute are
// spread over the orders that make a difference.
//
// Where it differs from the paper:
// - Which events race is dependent(): also those on mappings, conditions and tasks, and nothing
//   between loads, shared locks or plain points.
// - A pending event that turned into another one while its task was blocked (a notified waiter
//   takes its mutex next) is drawn anew.
// - The alternatives of an event share its priority; which one happens is drawn uniformly.
#include "harness/strategies/each.hpp"
#include "harness/strategies/entries.hpp"
#include "harness/strategies/event_priorities.hpp"

namespace harness {
namespace {

class Pos final : public Strategy {
 public:
  explicit Pos(Stream stream) : draws_(stream) {}

  bool begin(std::uint64_t execution) override {
    draws_.start(execution);
    priorities_.begin();
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId /*current*/) override {
    Entries top{0, 0};
    std::uint64_t best = 0;
    for (std::size_t i = 0; i < ready.size();) {
      const Entries entries = entries_at(ready, i);
      const std::uint64_t priority = priorities_.of(ready[i], draws_);
      i += entries.count;
      if (top.count != 0 && priority <= best) continue;
      best = priority;
      top = entries;
    }
    const std::size_t index = any_of(top, draws_);
    priorities_.chosen(ready, index);
    return index;
  }

 private:
  Draws draws_;
  EventPriorities priorities_;
};

}  // namespace

std::unique_ptr<Strategy> make_pos(Stream stream) { return std::make_unique<Pos>(stream); }

}  // namespace harness
