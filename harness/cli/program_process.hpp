// A whole program under the engine: what must hold of its file, and its process, which explores itself with our
// runtime in the place of ThreadSanitizer's and tells us the verdict.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/cli/backend.hpp"
#include "harness/cli/options.hpp"
#include "harness/explore/stop.hpp"
#include "reports/verdict.hpp"

namespace harness::cli {

struct Program {
  std::string path;                // of the file
  std::vector<std::string> words;  // as the user wrote it, arguments included; never empty
  std::string expected = "pass";
  int expected_status = 0;
  std::string isolation = "auto";
};

// The program of the command line, or the one that the report for --replay is about. Throws UsageError: there is no
// such file, or its interleavings cannot be controlled.
Program program_of(const CommandLine& line);

// Why a program's file cannot be used, as a clause ("is statically linked, ..."); "" if it can.
std::string obstacle_in(const std::string& path);

// Throws UsageError and ReplayDiverged as explore() does. What goes wrong in the process is in the verdict.
reports::Verdict run_in_process(const Program& program, const Request& request);

// The program as request.schedule leaves it just before `step`. Throws also where its process ends.
Standing stand_in_process(const Program& program, const Request& request, std::uint32_t step);

}  // namespace harness::cli
