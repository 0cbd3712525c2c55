// A run from options to exit code: loads the plugins, chooses, runs each variant, prints, writes.
#pragma once

#include <string>

#include "harness/cli/options.hpp"

namespace harness::cli {

inline constexpr int exit_as_expected = 0;
inline constexpr int exit_not_as_expected = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_failed = 3;

// `program`: how the tool was called, for the command that a person may copy. Throws UsageError.
int run(const CommandLine& line, const std::string& program);

}  // namespace harness::cli
