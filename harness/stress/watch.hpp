// Watching a worker until it is over: its end, a hang, a deadlock, the end of the time. Nothing
// that the worker does can take this process down.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "harness/stress/board.hpp"

namespace harness::stress_mode {

enum class Outcome : std::uint8_t {
  finished,     // by itself or because it was told to stop
  found,        // what, says board.stage
  died,         // without a word: status
  deadlock,     // nothing in it can run ever again: stuck
  hung,         // one execution took longer than the limit
  interrupted,  // by the user, and it did not end by itself soon
};

struct Watched {
  Outcome outcome = Outcome::finished;
  int status = 0;             // as waitpid() gives it
  std::vector<TaskId> stuck;  // the tasks that had not ended
};

struct Limits {
  std::int64_t stop_at_ns = 0;  // CLOCK_MONOTONIC: no new execution from then on
  double execution_seconds = 20;
  const std::atomic<bool>* interrupted = nullptr;
  std::function<void()> tick;  // about ten times a second; may be empty
};

// The process is gone when this returns.
Watched watch_worker(Board& board, int process, const Limits& limits);

}  // namespace harness::stress_mode
