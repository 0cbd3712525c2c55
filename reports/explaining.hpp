// What of a failing schedule matters, in a few plain lines: its switches, the order of events that
// makes it fail, and a passing execution beside it. Part of the console writer.
#pragma once

#include <string>

#include "reports/console.hpp"
#include "reports/verdict.hpp"

namespace reports {

// Of a verdict with an explanation. Every line ends in a newline; "" where there is nothing to say.
std::string explanation_text(const Verdict& verdict, const ConsoleOptions& options);

}  // namespace reports
