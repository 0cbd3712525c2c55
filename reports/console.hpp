// A verdict as text for a terminal: one line where all is well; for a violation the interleaving,
// one column per task, the stacks of the guilty accesses, and the one command that reproduces it.
#pragma once

#include <string>

#include "reports/verdict.hpp"

namespace reports {

struct ConsoleOptions {
  int width = 100;       // of the terminal, in columns; below 60 counts as 60
  bool color = false;    // ANSI colours
  bool unicode = true;   // false: nothing but ASCII
  bool verbose = false;  // every step; otherwise the uninteresting ones are folded
  bool stacks = false;   // the stack of every step that is shown, not of the guilty ones alone
  bool sources = false;  // the text of source lines, where the source is found
};

// Ends in a newline. Its last line is `reproduce: COMMAND` for a violation or an unexpected
// verdict.
std::string to_text(const Verdict& verdict, const ConsoleOptions& options);

// The first line of to_text() alone, for quiet runs.
std::string to_line(const Verdict& verdict, const ConsoleOptions& options);

// The closing line of a run: "11 verdicts, all as expected" or which were not.
std::string summary(const Report& report, const ConsoleOptions& options);

}  // namespace reports
