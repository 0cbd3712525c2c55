#include "harness/cli/break_at.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "harness/cli/program_process.hpp"
#include "harness/cli/terminal.hpp"
#include "harness/engine/errors.hpp"
#include "harness/explore/stop.hpp"
#include "reports/interleaving.hpp"
#include "reports/text.hpp"

namespace harness::cli {
namespace {

constexpr std::size_t steps_before = 8;  // that are shown

std::string found_in_path(const std::string& program) {
  const char* const path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string candidate = std::string(rest.substr(0, end)) + "/" + program;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

std::vector<std::string> own_arguments() {
  std::vector<std::string> words;
  std::string all;
  if (FILE* const file = std::fopen("/proc/self/cmdline", "rb"); file != nullptr) {
    char buffer[4096];
    for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, file)) > 0;)
      all.append(buffer, got);
    std::fclose(file);
  }
  for (std::size_t at = 0; at < all.size(); at += words.back().size() + 1)
    words.emplace_back(all.c_str() + at);
  return words;
}

#if HARNESS_ENGINE
std::string row(const reports::Step& step, const std::string& mark, const std::string& what,
                const reports::ConsoleOptions& console) {
  const std::string place = reports::place_text(step.stack);
  std::string text = fmt::format("{:>4} {} {}{}", mark, reports::padded(step.task, 14), what,
                                 place.empty() ? "" : "  (" + place + ")");
  return reports::printable(text, console.unicode) + "\n";
}

std::string text_of(const Standing& standing, const reports::ConsoleOptions& console) {
  std::string text;
  const auto& before = standing.before;
  const std::size_t first =
      console.verbose || before.size() < steps_before ? 0 : before.size() - steps_before;
  for (std::size_t i = first; i < before.size(); ++i)
    text +=
        row(before[i], std::to_string(before[i].number), reports::cell_text(before[i]), console);
  text += "what each is about to do:\n";
  for (const Standing::Task& task : standing.tasks) {
    std::string what = reports::cell_text(task.next);
    if (!task.ready) what = "cannot go on: " + what;
    text += row(task.next, task.chosen ? ">>" : "", what, console);
    if (console.stacks) text += reports::stack_text(task.next.stack, console);
  }
  return text;
}
#endif

}  // namespace

std::string become_debugger(const CommandLine& line) {
  if (line.print_next) return {};
  const std::string gdb = found_in_path("gdb");
  if (gdb.empty()) return "gdb is not in PATH, so this is what it would show";
  std::error_code error;
  const auto executable = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto script = executable.parent_path() / "../share/harness/tasks.gdb";
  if (access(script.c_str(), R_OK) != 0)
    return fmt::format("'{}' cannot be read, so this is what gdb would show", script.string());
  const std::string runs_program = fmt::format("set $runs_program = {:d}", line.runs_program);
  std::vector<std::string> words{gdb, "-q", "-iex", runs_program, "-x", script.string(), "--args"};
  auto own = own_arguments();
  if (own.empty()) own.emplace_back();
  own.front() = executable.string();
  // Behind the command, and before what is the program's.
  own.insert(own.begin() + (line.runs_program ? 2 : 1), "--print-next");
  words.insert(words.end(), own.begin(), own.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execv(gdb.c_str(), pointers.data());
  return fmt::format("'{}' cannot be run ({}), so this is what it would show", gdb,
                     std::strerror(errno));
}

std::string next_steps(const Scenario& scenario, const Variant& variant, const Request& request,
                       const CommandLine& line) {
#if HARNESS_ENGINE
  const auto step = static_cast<std::uint32_t>(*line.break_at);
  const Standing standing =
      request.program != nullptr ? stand_in_process(*request.program, request, step)
                                 : stop_before(scenario, variant, engine_options(request), step);
  return fmt::format("{}/{} before step {}:\n", scenario.name, variant.name, step) +
         text_of(standing, console_options(STDOUT_FILENO, line));
#else
  static_cast<void>(scenario), static_cast<void>(variant), static_cast<void>(request);
  static_cast<void>(line);
  throw UsageError("--break-at needs the engine, which a sanitizer build has not");
#endif
}

}  // namespace harness::cli
