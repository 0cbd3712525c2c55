// Text for a shell: quoting, and the one command that runs a verdict again.
#pragma once

#include <string>
#include <string_view>

#include "harness/cli/options.hpp"
#include "reports/verdict.hpp"

namespace harness::cli {

// As it is where no shell would touch it, otherwise in single quotes. Never empty.
std::string shell_quoted(std::string_view word);

// The command that gives this verdict again: the schedule of its violation where it has one,
// otherwise the same search. `program` is what the command begins with.
std::string reproduce_command(const reports::Verdict& verdict, const CommandLine& line,
                              std::string_view program);

}  // namespace harness::cli
