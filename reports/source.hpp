// The text of a source line, where the source is at hand. For people only: it stands in no
// document, because it depends on where a report is looked at.
#pragma once

#include <string>

#include "reports/verdict.hpp"

namespace reports {

// Without the white space around it. "" where the file is not found: it is looked for as it is
// named, then, without leading "../", in the working directory and those above it, and in those
// above the executable.
std::string source_line(const Frame& frame);

}  // namespace reports
