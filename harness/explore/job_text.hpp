// What `harness run` tells the process of a program to do, and what it hears from it. The job is a JSON document
// in a file that the process inherits; the answer is lines on an inherited pipe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/engine/hosting.hpp"
#include "harness/explore/explore.hpp"

namespace harness {

struct ProgramJob {
  Options options;                // but for what is a function or a pointer
  std::string name;               // of the scenario
  std::string expected = "pass";  // or a rule
  int expected_status = 0;
  Isolation isolation = Isolation::automatic;
  std::uint32_t break_at = 0;  // stop before this step, see stop_before(); 0: explore
  int input = -1;    // descriptors in the program's process
  int output = -1;
  int answers = -1;
  std::optional<std::string> library_path;  // LD_LIBRARY_PATH and LD_PRELOAD as the program is to see them
  std::optional<std::string> preload;
};

std::string write_job(const ProgramJob& job);
// Throws std::runtime_error: it is no job of this version.
ProgramJob read_job(std::string_view text);

// The lines of the answer: a word, then what belongs to it.
namespace answer {
inline constexpr std::string_view begun = "begun";          // main() would be called now
inline constexpr std::string_view progress = "progress";    // executions, seconds
inline constexpr std::string_view verdict = "verdict";      // bytes of the document that follows
// How many steps were done; then for each task whether it can go on and whether it is the one
// chosen, as 0 or 1. Behind it a verdict whose trace is the steps, then what the tasks do next.
inline constexpr std::string_view standing = "standing";
inline constexpr std::string_view usage = "usage";          // what of the options cannot be used
inline constexpr std::string_view diverged = "diverged";    // where the schedule does not fit
inline constexpr std::string_view failed = "failed";        // the tool's own fault
}  // namespace answer

std::string_view name_of(Isolation isolation);

}  // namespace harness
