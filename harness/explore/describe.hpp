// Turns the recording of one execution into what a person reads: tasks, functions, source lines,
// and names for objects ("region 1", "slice 0 of region 1", a global's symbol). Runs in the
// watching process, which has the same modules at the same addresses as the worker that recorded.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/engine/event.hpp"
#include "harness/engine/oracle.hpp"
#include "harness/engine/recorded.hpp"
#include "reports/verdict.hpp"

namespace harness {

struct Recording {
  std::vector<Recorded> events;
  std::vector<std::string> task_names;
  Violation violation;
};

// Fills verdict.trace, and verdict.violation's message, step, accesses and region. Everything in it
// is the same in every process for the same recording: no raw address is ever printed.
void describe(const Recording& recording, reports::Verdict& verdict);

}  // namespace harness
