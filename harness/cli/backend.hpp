// Runs one variant by what this build has for it, the engine or real threads, with the limits that
// the command line, the scenario and the defaults say, in this order.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/cli/options.hpp"
#include "harness/scenario.hpp"
#include "reports/verdict.hpp"

namespace harness {
struct Options;
}

namespace harness::cli {

// False in the sanitizer builds.
bool has_engine();
// "", "thread" or "address".
std::string sanitizer_name();

struct Program;
// What a search has done so far.
struct Effort {
  std::uint64_t executions = 0;
  double seconds = 0;
  std::uint64_t orders = 0;  // distinct ones; 0: not counted
  double leaves = 0;         // of the tree of interleavings, estimated; 0: not known
};

struct Request {
  bool real_threads = false;
  std::string strategy;  // "" on real threads
  int preemptions = -1;
  int depth = 0;
  std::uint64_t part = 0;  // of `parts`
  std::uint64_t parts = 1;
  std::uint64_t seed = 1;
  std::uint64_t executions = 0;  // 0: no limit
  double seconds = 0;            // 0: no limit
  std::uint64_t max_steps = 0;
  double shrink_seconds = 0;     // 0: violations are not shrunk
  std::string schedule;  // "" explores
  std::string data_races;      // see Options in explore.hpp
  std::string plain_accesses;
  std::string suppressions;  // their text
  bool keep_going = false;
  bool leaks = false;
  bool spurious_wakeups = false;
  const Program* program = nullptr;  // to run, in the place of a scenario's code
  std::function<void(const Effort&)> progress;
  const std::atomic<bool>* interrupted = nullptr;
};

// The same for explore().
Options engine_options(const Request& request);

// A limit that the user gave drops the default of the other one: who asks for --seconds 60 is not
// stopped by a number of executions, nor the other way round.
Request request_for(const Scenario& scenario, const CommandLine& line);

// Never throws but UsageError: where a schedule does not fit, or the tool fails, the outcome is
// `error`. Where the request is interrupted already, it is `inconclusive`, and nothing was run.
reports::Verdict run_variant(const Scenario& scenario, const Variant& variant,
                             const Request& request);

// Looks under control for what a verdict of real threads has seen. The verdict of that, or nothing
// where it was not found; `said` tells which. For builds with the engine.
std::optional<reports::Verdict> explained(const Scenario& scenario, const Variant& variant,
                                          const Request& request, const reports::Verdict& seen,
                                          std::string& said);
// Executions of what passes, to show.
std::vector<reports::Example> examples_of(const Scenario& scenario, const Variant& variant,
                                          const Request& request);

// Whether a verdict is what its `expected` says.
bool is_as_expected(const reports::Verdict& verdict);

}  // namespace harness::cli
