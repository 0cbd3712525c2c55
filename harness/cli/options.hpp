// What the user asked for: the command line, the environment, the configuration file and the
// defaults made one, in this order of precedence, each value checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/cli/config_file.hpp"

namespace harness::cli {

enum class Mode { explore, replay, stress };
enum class Color { automatic, always, never };

// An empty optional: not given, so that a scenario's own wish or the default holds.
struct CommandLine {
  bool help = false;
  bool version = false;
  bool list = false;
  bool runs_program = false;          // `harness run`
  std::vector<std::string> program;   // and its arguments, after '--'; empty: the report says it
  int expected_status = 0;            // of the program
  std::string expected = "pass";      // of the program: or the rule it must violate
  std::string isolation = "auto";     // of its executions: auto, restore or fork
  std::optional<std::string> scenario;
  std::string variant = "*";
  std::vector<std::string> plugin_dirs;  // as given
  std::string plugin_path;               // HARNESS_PLUGIN_PATH
  Mode mode = Mode::explore;
  std::optional<std::string> strategy;
  std::uint64_t seed = 1;
  std::optional<std::string> schedule;
  std::optional<std::string> replay;
  std::uint64_t repeat = 1;
  std::optional<std::uint64_t> break_at;  // a step, from 1
  bool print_next = false;
  bool explain = false;       // a violation under stress is looked for under control
  bool explain_pass = false;  // show a few executions of what passes
  bool keep_going = false;
  bool leaks = false;
  bool spurious_wakeups = false;
  std::optional<std::uint64_t> executions;
  std::optional<double> seconds;
  std::optional<std::uint64_t> threads;  // of a workload on real threads
  std::optional<std::uint64_t> max_steps;
  double shrink_seconds = 1;
  std::optional<int> preemptions;   // -1: no bound
  std::optional<std::string> data_races;
  std::optional<std::string> plain_accesses;
  std::string suppressions;  // what the file says
  bool strict_preemptions = false;  // --preemptions was given for a strategy that was named
  int depth = 0;                    // 0: not given
  std::uint64_t part = 0;           // of --shard, from 0
  std::uint64_t parts = 1;
  std::optional<std::string> json;
  std::optional<std::string> junit;
  std::optional<std::string> sarif;
  std::string report_dir = "reports";
  std::optional<std::string> corpus;  // "none": no corpus
  Color color = Color::automatic;
  bool quiet = false;
  bool verbose = false;
  bool stacks = false;
  std::vector<std::string> warnings;  // for standard error, nothing that stops the run
};

// The settings of each source alone, as text. Both throw UsageError.
std::vector<Setting> from_command_line(const std::vector<std::string>& arguments);
// Unknown HARNESS_* variables are warned about, not refused: they may be somebody else's.
std::vector<Setting> from_environment(const std::vector<std::string>& environment,
                                      std::vector<std::string>& warnings);

// `arguments` without the program's name; `environment` as "NAME=value"; `engine`: whether this
// build has one. Throws UsageError for values that cannot be used and for contradictions.
CommandLine read_options(const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment, bool engine);

}  // namespace harness::cli
