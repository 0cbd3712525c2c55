// Strategy: picks the next task among the ready ones. It lives across executions and knows nothing of
// the engine; it is deterministic by (seed, number of the execution).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "harness/engine/event.hpp"

namespace harness {

// One choice of an execution: which task ran, and which of its alternatives.
struct Choice {
  TaskId task = no_task;
  std::uint16_t alternative = 0;
  friend bool operator==(const Choice&, const Choice&) = default;
};

class Strategy {
 public:
  virtual ~Strategy() = default;
  // What next() may answer instead of an index: end this execution here, without executing anything
  // more. It counts for nothing, and the next begin() gets its number again.
  static constexpr std::size_t abandon = static_cast<std::size_t>(-1);

  // Called before every execution, numbered from 0. False: nothing is left to explore.
  virtual bool begin(std::uint64_t execution) = 0;
  // Index into `ready` (never empty, sorted by task, then alternative). `current` is the task that ran
  // last; it is among `ready` unless it blocked or ended. Asked before every scheduling point.
  virtual std::size_t next(std::span<const Ready> ready, TaskId current) = 0;
  // Which events executed() wants. Asked once.
  virtual Ops watches() const { return {}; }
  // After an event was executed, its values known; also those of a task that is alone.
  virtual void executed(const Event& /*event*/) {}
  // What a task would do next cannot happen now. It will be among `ready` when it can.
  virtual void blocked(const Event& /*event*/) {}
  // Whether the execution that is over counts. Asked after end().
  virtual bool counts() const { return true; }
  // All tasks have ended, and no oracle has objected before. Called before end().
  virtual void completed() {}
  // The execution is over (completed, violated, cut off or abandoned).
  virtual void end() {}
  // More plain accesses are scheduling points from the next execution on: a search that was built on
  // their absence begins anew. Called between end() and begin().
  virtual void reconsider() {}
  // A new worker goes on after `executions`, the last of which took `path` (its process was lost).
  virtual void resume(std::uint64_t /*executions*/, std::span<const Choice> /*path*/) {}
  // One word that outlives a lost worker: asked for after begin() and after end(), and the last one is
  // given to the strategy of the new worker, before resume(). 0: nothing to remember.
  virtual std::uint64_t memory() const { return 0; }
  virtual void recall(std::uint64_t /*memory*/) {}
  // After begin() returned false: true if every interleaving within bound() has been executed.
  virtual bool exhausted() const { return false; }
  // The number of preemptions that an execution has at most; -1: any.
  virtual int bound() const { return -1; }
  // How many interleavings there are, as far as can be told from those executed; 0: it cannot.
  virtual double leaves() const { return 0; }
  // "" while the program fits what the strategy knows of it; else a sentence about where it first
  // did not: a schedule that cannot be followed, or the same choices that led to something else.
  virtual const std::string& diverged() const {
    static const std::string fits;
    return fits;
  }
};

}  // namespace harness
