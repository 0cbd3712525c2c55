// The priorities of partial order sampling (Yuan, Yang, Gu, CAV 2018): every pending event has a random
// one, drawn anew where an event was executed that races with it. See pos.cpp.
#pragma once

#include <span>
#include <vector>

#include "harness/engine/strategy.hpp"
#include "harness/strategies/dependence.hpp"
#include "harness/strategies/draws.hpp"

namespace harness {

class EventPriorities {
 public:
  void begin() {
    for (Pending& pending : pending_) pending.drawn = false;
  }

  // Of the event that stands there; a new event, or one that turned into another one while its task
  // was blocked, is drawn for first.
  std::uint64_t of(const Ready& entry, Draws& draws) {
    if (entry.task >= pending_.size()) pending_.resize(std::size_t{entry.task} + 1);
    Pending& pending = pending_[entry.task];
    if (!pending.drawn || pending.op != entry.event.op || pending.object != entry.event.object)
      pending = {draws.word(), entry.event.object, entry.event.op, true};
    return pending.priority;
  }

  void chosen(std::span<const Ready> ready, std::size_t index) {
    forget(ready[index].task);
    for (const Ready& other : ready)
      if (other.task != ready[index].task && dependent(ready[index].event, other.event))
        forget(other.task);
  }

 private:
  struct Pending {
    std::uint64_t priority = 0;
    std::uintptr_t object = 0;
    Op op = Op::start;
    bool drawn = false;
  };
  void forget(TaskId task) {
    if (task < pending_.size()) pending_[task].drawn = false;
  }

  std::vector<Pending> pending_;  // by task; those that nobody has asked for may be missing
};

}  // namespace harness
