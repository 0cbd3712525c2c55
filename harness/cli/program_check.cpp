// Which programs can be run: each reason why not has its own sentence.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "harness/cli/elf.hpp"
#include "harness/cli/files.hpp"
#include "harness/cli/program_process.hpp"
#include "harness/engine/errors.hpp"
#include "reports/json.hpp"

namespace harness::cli {
namespace {

bool any_begins_with(const std::vector<std::string>& names, std::string_view begin) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return name.starts_with(begin); });
}

// As the shell finds it: a word without '/' is looked for in PATH.
std::string find_program(const std::string& word) {
  if (word.find('/') != std::string::npos) return word;
  const char* const path = std::getenv("PATH");
  std::istringstream places(path == nullptr ? "" : path);
  for (std::string place; std::getline(places, place, ':');) {
    const std::string candidate = (place.empty() ? "." : place) + "/" + word;
    if (access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate)) return candidate;
  }
  if (access(word.c_str(), F_OK) == 0)
    throw UsageError(fmt::format("'{0}' is not in PATH; for the file in this directory write ./{0}", word));
  throw UsageError(fmt::format("'{}' is not in PATH", word));
}

std::string file_problem(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return fmt::format("cannot be run: {}", std::strerror(errno));
  if (S_ISDIR(status.st_mode)) return "is a directory";
  if (!S_ISREG(status.st_mode)) return "is no regular file";
  if (access(path.c_str(), X_OK) != 0) return "is not executable; chmod +x makes it so";
  if ((status.st_mode & (S_ISUID | S_ISGID)) != 0)
    return "takes another user's or group's rights (setuid, setgid), so that no runtime may be put into it; run a "
           "copy of it";
  return {};
}

// A directory of its DT_RPATH that holds ThreadSanitizer's runtime would be searched before ours.
std::string runtime_in_rpath(const Executable& program, const std::string& path) {
  const std::string origin = std::filesystem::absolute(path).parent_path().string();
  std::istringstream places(program.rpath);
  for (std::string place; std::getline(places, place, ':');) {
    for (const std::string_view variable : {"$ORIGIN", "${ORIGIN}"})
      if (const auto at = place.find(variable); at != std::string::npos)
        place.replace(at, variable.size(), origin);
    for (const std::string& library : program.libraries)
      if (library.starts_with("libtsan.so") && std::filesystem::exists(place + "/" + library)) return place;
  }
  return {};
}

std::string instrumentation_problem(const Executable& program, const std::string& path) {
  if (any_begins_with(program.defined, "__tsan_init") || any_begins_with(program.defined, "__tsan_func_entry"))
    return "holds ThreadSanitizer's runtime itself, as clang links it; compile it with -fsanitize=thread, but link it "
           "without, and with -lharness_runtime (CMake: harness::runtime), or add -shared-libsan to both";
  if (any_begins_with(program.libraries, "libasan") || any_begins_with(program.defined, "__asan_init"))
    return "was built with AddressSanitizer; build it with -fsanitize=thread instead";
  if (!any_begins_with(program.undefined, "__tsan_"))
    return "was not compiled with -fsanitize=thread, so that nothing of it could be seen; compile it with that";
  const std::string place = runtime_in_rpath(program, path);
  if (place.empty()) return {};
  return fmt::format("names a directory with ThreadSanitizer's own runtime in its DT_RPATH ('{}'), which is searched "
                     "first; link it without -rpath, or with -Wl,--enable-new-dtags",
                     place);
}

}  // namespace

std::string obstacle_in(const std::string& path) {
  if (std::string problem = file_problem(path); !problem.empty()) return problem;
  const Executable program = read_executable(path);
  return program.problem.empty() ? instrumentation_problem(program, path) : program.problem;
}

namespace {

std::vector<std::string> words_of_report(const std::string& file) {
  try {
    const reports::Report report = reports::read_report(read_file(file, "--replay"), file);
    for (const reports::Verdict& verdict : report.verdicts)
      if (verdict.violation && !verdict.command.empty()) return verdict.command;
  } catch (const reports::BadReport& error) {
    throw UsageError(fmt::format("--replay: {}", error.what()));
  }
  throw UsageError(fmt::format("--replay: report '{}' holds no violation of a program; for scenarios leave out the "
                               "word run",
                               file));
}

std::string remedy_for_report(const CommandLine& line) {
  return fmt::format(
      "\nThat is how the report calls it; replay it where it was run, or say where it is: "
      "harness run --replay {} -- PROGRAM [ARGUMENT...]",
      *line.replay);
}

}  // namespace

Program program_of(const CommandLine& line) {
  Program program;
  program.words = line.program.empty() ? words_of_report(*line.replay) : line.program;
  if (program.words.front().empty()) throw UsageError("the program's name is empty");
  program.path = find_program(program.words.front());
  if (const std::string obstacle = obstacle_in(program.path); !obstacle.empty())
    throw UsageError(fmt::format("'{}' {}{}", program.path, obstacle,
                                 line.program.empty() ? remedy_for_report(line) : ""));
  program.expected = line.expected;
  program.expected_status = line.expected_status;
  program.isolation = line.isolation;
  return program;
}

}  // namespace harness::cli
