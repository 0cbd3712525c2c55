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
  // Called before every execution, numbered from 0. False: nothing is left to explore.
  virtual bool begin(std::uint64_t execution) = 0;
  // Index into `ready` (never empty, sorted by task, then alternative). `current` is the task that ran
  // last; it is among `ready` unless it blocked or ended. Asked before every scheduling point.
  virtual std::size_t next(std::span<const Ready> ready, TaskId current) = 0;
  // The execution is over (completed, violated or cut off).
  virtual void end() {}
  // A new worker goes on after `executions`, the last of which took `path` (its process was lost).
  virtual void resume(std::uint64_t /*executions*/, std::span<const Choice> /*path*/) {}
  // After begin() returned false: true if every interleaving within bounds() has been executed.
  virtual bool exhausted() const { return false; }
};

}  // namespace harness
