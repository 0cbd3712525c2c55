// Finding and loading the plugins: the shared objects that scenarios are built as. Each is looked
// into and loaded for trial before it is loaded for good, so that a broken one costs a sentence,
// not the run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace harness::cli {

struct PluginDir {
  std::string path;
  std::string origin;    // "--plugin-dir", "HARNESS_PLUGIN_PATH", "beside the executable"
  bool by_user = false;  // what is wrong there is an error; elsewhere a warning
};

// In the order of the search.
std::vector<PluginDir> plugin_dirs(const std::vector<std::string>& options,
                                   std::string_view variable, const std::string& executable);

struct LoadedPlugins {
  std::vector<std::string> files;
  std::vector<std::string> warnings;  // about plugins that were left out
};

// Loads every *.so, sorted by name within a directory; one file reached twice counts once. Throws
// UsageError where something in a directory named by the user cannot be used, and where two files
// register one scenario. `sanitizer`: that of this build, "", "thread" or "address".
LoadedPlugins load_plugins(const std::vector<PluginDir>& dirs, std::string_view sanitizer);

// What is wrong with a file as it lies there, by its symbols: "" or a clause that says what to do.
std::string plugin_problem(const std::string& path, std::string_view sanitizer);

}  // namespace harness::cli
