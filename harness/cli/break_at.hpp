// --break-at: one recorded or written execution up to a step, then a debugger that knows its tasks,
// or what each of them is about to do.
#pragma once

#include <string>

#include "harness/cli/backend.hpp"
#include "harness/cli/options.hpp"
#include "harness/scenario.hpp"

namespace harness::cli {

// Takes the place of this process with gdb, which runs the same command line with --print-next and
// stops there. Returns where that is not wanted (--print-next) or not to be had: a sentence why, ""
// if it was not wanted.
std::string become_debugger(const CommandLine& line);

// Runs up to the step and says who is about to do what. Throws UsageError where there is no such
// step, ReplayDiverged where the schedule does not fit.
std::string next_steps(const Scenario& scenario, const Variant& variant, const Request& request,
                       const CommandLine& line);

}  // namespace harness::cli
