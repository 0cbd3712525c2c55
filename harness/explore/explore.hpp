// explore(): runs one variant of one scenario until the budget is used up, nothing is left to explore,
// or a rule is broken, and answers with a Verdict. The program under test runs in forked workers; this
// process only watches, so nothing that the program does can take it down.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/scenario.hpp"
#include "reports/verdict.hpp"

namespace harness {

struct Progress {
  std::uint64_t executions = 0;
  double seconds = 0;
  std::uint64_t orders = 0;  // distinct happens-before orders among the executions
  double leaves = 0;         // of the tree of interleavings, estimated; 0: not known
};

struct Options {
  std::string strategy = "dfs";
  std::uint64_t seed = 1;
  std::uint64_t executions = 1'000'000;  // budget; 0: no limit
  double seconds = 0;                    // budget; 0: no limit
  std::uint64_t max_steps = 20'000;      // per execution
  int preemptions = -1;                  // bound, for strategies that have one; -1: none
  int depth = 0;                         // pct: of the bugs to look for; 0: 1 to 5 in turn
  std::uint64_t part = 0;                // of a search that is divided into `parts`, from 0
  std::uint64_t parts = 1;
  std::string data_races = "auto";       // see data_races_words()
  std::string suppressions;              // of data races, see suppressions.hpp
  std::string plain_accesses = "racy";   // which are scheduling points: none, racy (once seen racing), all
  std::string schedule;                  // replay this text instead of exploring
  bool keep_going = false;               // count further violations, report the first
  double shrink_seconds = 1;             // at most, for a shorter schedule of a violation; 0: none
  bool leaks = false;                    // look for lost blocks of the heap at the end of every execution
  bool spurious_wakeups = false;         // waits may end without anybody's doing, see the engine
  double watchdog_seconds = 10;          // an execution that takes longer is cut off
  std::function<void(const Progress&)> progress;  // called about ten times a second; may be empty
  const std::atomic<bool>* interrupted = nullptr; // set by a signal handler: end with what there is
};

// What Options::data_races may say: report (a violation), learn (no violation; the accesses become scheduling
// points), off (nobody looks), auto (learn where the variant is expected to break another rule, else report).
std::vector<std::string> data_races_words();
std::vector<std::string> plain_accesses_words();

// Throws UsageError (see errors.hpp) for an unknown strategy or malformed schedule text, and
// ReplayDiverged where a schedule does not fit the program. Everything the program under test does is
// in the verdict. `reproduce` is left to the caller.
reports::Verdict explore(const Scenario& scenario, const Variant& variant, const Options& options);

}  // namespace harness
