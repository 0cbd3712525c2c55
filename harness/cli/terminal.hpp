// What the terminal at the other end can show.
#pragma once

#include "harness/cli/options.hpp"
#include "reports/console.hpp"

namespace harness::cli {

// For text that goes to `descriptor`: width, colours, whether anything beyond ASCII.
reports::ConsoleOptions console_options(int descriptor, const CommandLine& line);
// A person watches this descriptor, and a line there can be overwritten.
bool is_live_terminal(int descriptor);

}  // namespace harness::cli
