// pos: partial order sampling (Yuan, Yang, Gu, "Partial order aware concurrency sampling", CAV
// 2018). Every pending event has a random priority, and the highest runs. Before it does, the
// priorities of the events that race with it are drawn anew, so that events which commute are
// spread over the orders that make a difference.
//
// Where it differs from the paper:
// - Which events race is dependent(): also those on mappings, conditions and tasks, and nothing
//   between loads, shared locks or plain points.
// - A pending event that turned into another one while its task was blocked (a notified waiter
// takes
//   its mutex next) is drawn anew.
// - The alternatives of an event share its priority; which one happens is drawn uniformly.
#include <vector>

#include "harness/strategies/dependence.hpp"
#include "harness/strategies/draws.hpp"
#include "harness/strategies/each.hpp"

namespace harness {
namespace {

class Pos final : public Strategy {
 public:
  explicit Pos(std::uint64_t seed) : draws_(seed) {}

  bool begin(std::uint64_t execution) override {
    draws_.start(execution);
    for (Pending& pending : pending_) pending.drawn = false;
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId /*current*/) override {
    std::size_t top = 0;
    std::uint32_t alternatives = 0;
    std::uint64_t best = 0;
    for (std::size_t i = 0; i < ready.size();) {
      const std::size_t first = i;
      while (i < ready.size() && ready[i].task == ready[first].task) ++i;
      const std::uint64_t priority = priority_of(ready[first]);
      if (alternatives != 0 && priority <= best) continue;
      best = priority;
      top = first;
      alternatives = static_cast<std::uint32_t>(i - first);
    }
    const std::size_t index = top + (alternatives == 1 ? 0 : draws_.below(alternatives));
    pending_[ready[index].task].drawn = false;
    for (const Ready& other : ready)
      if (other.task != ready[index].task && dependent(ready[index].event, other.event))
        pending_[other.task].drawn = false;
    return index;
  }

 private:
  struct Pending {
    std::uint64_t priority = 0;
    std::uintptr_t object = 0;
    Op op = Op::start;
    bool drawn = false;
  };

  std::uint64_t priority_of(const Ready& entry) {
    if (entry.task >= pending_.size()) pending_.resize(std::size_t{entry.task} + 1);
    Pending& pending = pending_[entry.task];
    if (!pending.drawn || pending.op != entry.event.op || pending.object != entry.event.object)
      pending = {draws_.word(), entry.event.object, entry.event.op, true};
    return pending.priority;
  }

  Draws draws_;
  std::vector<Pending> pending_;  // by task
};

}  // namespace

std::unique_ptr<Strategy> make_pos(std::uint64_t seed) { return std::make_unique<Pos>(seed); }

}  // namespace harness
