// The worker: a forked process that plays executions of one variant on real threads until it is
// told to stop, has found something, or is lost.
#pragma once

#include <cstdint>
#include <string>

#include "harness/engine/schedule.hpp"
#include "harness/scenario.hpp"
#include "harness/stress/board.hpp"

namespace harness::stress_mode {

struct Work {
  const Scenario* scenario = nullptr;
  std::string variant;
  std::uint64_t seed = 0;
  std::uint64_t first = 0;       // number of the first execution
  std::uint64_t executions = 0;  // at most so many; 0: until told to stop
  Schedule schedule;             // not empty: one execution that follows it, without delays
  int text_file = -1;            // for the sanitizer's report
};

// Forks. Returns the worker's process id, or throws std::system_error.
int start_worker(Board& board, const Work& work);

}  // namespace harness::stress_mode
