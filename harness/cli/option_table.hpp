// Every option of the tool in one table: its name, what it takes, its default as people read it,
// and its help. The command line, the environment, configuration files and --help are all made from
// it, so a new option is one line here and one in options.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace harness::cli {

// Where an option may be given.
enum class Sources : unsigned char { command_line, no_file, everywhere };

struct OptionSpec {
  const char* name;      // without dashes
  const char* argument;  // "" for a flag
  const char* fallback;  // the default, as text for people; "" where there is none
  const char* group;     // heading in --help
  Sources sources;
  bool repeatable;
  const char* help;
};

std::span<const OptionSpec> option_table();
const OptionSpec* find_option(std::string_view name);  // nullptr where there is none
// Those that may be given at least where `sources` says.
std::vector<std::string> option_names(Sources sources);

// "plugin-dir" and "HARNESS_PLUGIN_DIR".
std::string variable_of(std::string_view option);

}  // namespace harness::cli
