// Stops an execution that follows a schedule just before one of its steps, and tells what each task
// is about to do there. A debugger finds it stopped in harness_at_step().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/explore/explore.hpp"
#include "reports/verdict.hpp"

namespace harness {

struct Standing {
  struct Task {
    reports::Step next;   // what it is about to do; its detail is not known yet
    bool ready = false;   // it can
    bool chosen = false;  // the schedule lets it
  };
  std::vector<Task> tasks;            // that have not ended
  std::vector<reports::Step> before;  // the steps up to there
};

// options.schedule up to `step`, counted from 1. Throws UsageError where the execution has not so
// many steps, and ReplayDiverged where the schedule does not fit.
Standing stop_before(const Scenario& scenario, const Variant& variant, const Options& options,
                     std::uint32_t step);

}  // namespace harness

extern "C" {

// What a debugger is shown.
struct HarnessTaskAtStep {
  const char* name;
  const char* about_to;
  const void* where;          // in the code under test
  const void* stack_pointer;  // null for the task that runs; else its registers are saved there
  int is_ready;
};
struct HarnessAtStep {
  unsigned step;
  unsigned count;
  const HarnessTaskAtStep* tasks;
};
// Does nothing; there to set a breakpoint at.
void harness_at_step(const HarnessAtStep* standing);
}
