#include "harness/cli/plugins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "harness/cli/elf.hpp"
#include "harness/cli/probe.hpp"
#include "harness/engine/errors.hpp"

namespace harness::cli {
namespace {

namespace fs = std::filesystem;

bool any_begins_with(const std::vector<std::string>& texts, std::string_view prefix) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return text.starts_with(prefix); });
}

// The *.so files of a directory, sorted by name; "problem" where there is none to be had.
std::vector<std::string> files_in(const PluginDir& dir, std::string& problem) {
  std::error_code error;
  std::vector<std::string> files;
  for (fs::directory_iterator entry(dir.path, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".so") files.push_back(entry->path().string());
  std::sort(files.begin(), files.end());
  if (error)
    problem =
        fmt::format("{}: directory '{}' cannot be read: {}", dir.origin, dir.path, error.message());
  else if (files.empty())
    problem = fmt::format("{}: there is no plugin (*.so) in '{}'", dir.origin, dir.path);
  return files;
}

// Loads in two passes, so that nothing is loaded for good while anything is still to be refused.
class Loader {
 public:
  explicit Loader(std::string_view sanitizer) : sanitizer_(sanitizer) {}

  void look_at(const PluginDir& dir) {
    std::string problem;
    const auto files = files_in(dir, problem);
    if (!problem.empty()) complain(dir, problem);
    for (const std::string& file : files) try_file(dir, file);
  }

  LoadedPlugins load() {
    for (const std::string& file : accepted_) {
      if (const std::string problem = open_plugin(file); !problem.empty())
        throw UsageError(fmt::format("plugin '{}' {}", file, problem));
      result_.files.push_back(file);
    }
    return std::move(result_);
  }

 private:
  void complain(const PluginDir& dir, const std::string& problem) {
    if (dir.by_user) throw UsageError(problem);
    result_.warnings.push_back(problem);
  }

  void try_file(const PluginDir& dir, const std::string& file) {
    std::error_code error;
    const fs::path real = fs::canonical(file, error);
    if (!error && !seen_.insert(real.string()).second) return;
    std::string problem = plugin_problem(file, sanitizer_);
    Probed probed;
    if (problem.empty()) {
      probed = probe_plugin(fs::absolute(file).string());
      problem = probed.problem;
    }
    if (problem.empty() && probed.scenarios.empty())
      problem =
          "is no plugin: it registers no scenario (see HARNESS_SCENARIO in harness/scenario.hpp)";
    if (!problem.empty()) return complain(dir, fmt::format("plugin '{}' {}", file, problem));
    for (const std::string& name : probed.scenarios) {
      const auto [owner, is_new] = owners_.emplace(name, file);
      if (!is_new)
        throw UsageError(
            fmt::format("scenario '{}' is registered by two plugins, '{}' and '{}'; "
                        "rename it or remove one of them",
                        name, owner->second, file));
    }
    accepted_.push_back(fs::absolute(file).string());
  }

  std::string sanitizer_;
  std::set<std::string> seen_;
  std::map<std::string, std::string> owners_;
  std::vector<std::string> accepted_;
  LoadedPlugins result_;
};

}  // namespace

std::vector<PluginDir> plugin_dirs(const std::vector<std::string>& options,
                                   std::string_view variable, const std::string& executable) {
  std::vector<PluginDir> dirs;
  for (const std::string& path : options) dirs.push_back({path, "--plugin-dir", true});
  while (!variable.empty()) {
    const auto colon = variable.find(':');
    if (const auto path = variable.substr(0, colon); !path.empty())
      dirs.push_back({std::string(path), "HARNESS_PLUGIN_PATH", true});
    variable.remove_prefix(colon == std::string_view::npos ? variable.size() : colon + 1);
  }
  const fs::path beside = fs::path(executable).parent_path().parent_path() / "lib" / "harness";
  std::error_code error;
  const bool alone = dirs.empty();
  if (alone || fs::is_directory(beside, error))
    dirs.push_back({beside.string(), "beside the executable", false});
  return dirs;
}

std::string plugin_problem(const std::string& path, std::string_view sanitizer) {
  const SharedObject object = read_shared_object(path);
  if (!object.problem.empty()) return object.problem;
  const bool for_threads = any_begins_with(object.undefined, "__tsan_");
  const bool for_addresses = any_begins_with(object.undefined, "__asan_");
  if (sanitizer == "address") {
    if (for_addresses) return {};
    return "was not compiled with -fsanitize=address, as this build of harness wants it";
  }
  if (for_addresses)
    return "was compiled with -fsanitize=address; this build of harness wants -fsanitize=thread "
           "instead";
  if (!for_threads)
    return "was not compiled with -fsanitize=thread, so that nothing of it could be seen; compile "
           "it "
           "with -fsanitize=thread and link it without";
  if (sanitizer.empty() && any_begins_with(object.libraries, "libtsan"))
    return "was linked with -fsanitize=thread and would bring ThreadSanitizer's runtime along; "
           "compile "
           "it with -fsanitize=thread, but link it without";
  return {};
}

LoadedPlugins load_plugins(const std::vector<PluginDir>& dirs, std::string_view sanitizer) {
  Loader loader(sanitizer);
  for (const PluginDir& dir : dirs) loader.look_at(dir);
  return loader.load();
}

}  // namespace harness::cli
