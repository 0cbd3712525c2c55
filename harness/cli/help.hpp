// --help and --version.
#pragma once

#include <string>

namespace harness::cli {

// Grouped, with every default; at most `width` columns.
std::string help_text(int width);
std::string version_text();

}  // namespace harness::cli
