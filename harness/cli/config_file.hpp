// Configuration files for --config: an ini file of options, `name = value`, one a line; `#` or `;`
// at the start of a line begins a remark. The names are those of the command line without the
// dashes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace harness::cli {

// An option with its value and, for messages, where it was given.
struct Setting {
  std::string name;
  std::string value;
  std::string origin;
  friend bool operator==(const Setting&, const Setting&) = default;
};

// Throws UsageError with file and line: no `name = value`, an unknown name (with the nearest one),
// an option that belongs on the command line, one that is given twice and takes one value.
std::vector<Setting> parse_config(std::string_view text, std::string_view file);
// The same for a file. A file that cannot be read is a UsageError too.
std::vector<Setting> read_config(const std::string& path);

}  // namespace harness::cli
