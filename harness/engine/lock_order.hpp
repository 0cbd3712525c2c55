// Lock-order inversion: task 1 takes B while it holds A, task 2 takes A while it holds B. Where
// nothing keeps them apart (a third lock that both hold, one of them ending before the other
// starts) another interleaving is a deadlock, also if this execution went well. In the manner of
// GoodLock (Havelund, SPIN 2000; Bensalem and Havelund, 2005), over locks, reader-writer locks and
// any number of tasks.
//
// Nothing is done unless a lock is taken while another one is held.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/engine/recorded.hpp"
#include "harness/engine/task.hpp"

namespace harness {

// A lock was taken while others were held.
struct Nesting {
  Held outer;
  Held inner;
  TaskId task = no_task;
  std::uint64_t time = 0;         // see Engine::time()
  std::uint32_t holds_begin = 0;  // what else was held: a range of LockOrder's list
  std::uint32_t holds_end = 0;
  std::uint32_t next = 0;  // of the same outer lock; 0: none
  Recorded taking;         // with its stack
};

class LockOrder {
 public:
  void begin();
  // The current task waited for `inner`, and has it now; Task::held does not have it yet.
  void took(Engine& engine, const Held& inner);

 private:
  static constexpr std::size_t most_nestings = 4096;  // in an execution
  static constexpr std::size_t most_looks = 10'000;   // for the cycles of one more
  static constexpr std::size_t longest_cycle = 8;

  bool is_known(const Nesting& nesting) const;
  bool closes_cycle(const Engine& engine, std::size_t& looks);
  bool fits(const Engine& engine, const Nesting& next) const;
  bool share_gate(const Nesting& a, const Nesting& b) const;
  void report(Engine& engine) const;

  std::vector<Nesting> nestings_;
  std::vector<Held> holds_;
  std::vector<const Nesting*> path_;  // of the cycle that is being looked for
};

}  // namespace harness
