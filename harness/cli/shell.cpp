#include "harness/cli/shell.hpp"

#include <fmt/format.h>

namespace harness::cli {
namespace {

constexpr std::string_view harmless =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";

std::string search(const CommandLine& line) {
  std::string text;
  if (line.strategy) text += " --strategy " + shell_quoted(*line.strategy);
  if (line.executions) text += fmt::format(" --executions {}", *line.executions);
  if (line.depth != 0) text += fmt::format(" --depth {}", line.depth);
  if (line.parts > 1) text += fmt::format(" --shard {}/{}", line.part + 1, line.parts);
  if (line.preemptions)
    text += *line.preemptions < 0 ? " --preemptions none"
                                  : fmt::format(" --preemptions {}", *line.preemptions);
  if (line.seconds) text += fmt::format(" --seconds {}", *line.seconds);
  if (line.keep_going) text += " --keep-going";
  return text;
}

std::string schedule_of(const reports::Verdict& verdict, const CommandLine& line) {
  if (line.schedule) return *line.schedule;
  if (!verdict.violation) return {};
  return reports::shortest_schedule(*verdict.violation);
}

}  // namespace

std::string shell_quoted(std::string_view word) {
  if (!word.empty() && word.find_first_not_of(harmless) == std::string_view::npos)
    return std::string(word);
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'')
      text += "'\\''";
    else
      text += c;
  }
  return text + "'";
}

namespace {

std::string program_command(const reports::Verdict& verdict, const CommandLine& line,
                            std::string_view program, const std::string& how) {
  std::string text = shell_quoted(program) + " run";
  if (verdict.seed != 1) text += fmt::format(" --seed {}", verdict.seed);
  if (line.max_steps) text += fmt::format(" --max-steps {}", *line.max_steps);
  if (line.expected_status != 0) text += fmt::format(" --expect-status {}", line.expected_status);
  if (line.expected != "pass") text += " --expect " + shell_quoted(line.expected);
  if (line.isolation != "auto") text += " --isolation " + line.isolation;
  text += how + " --";
  for (const std::string& word : verdict.command) text += " " + shell_quoted(word);
  return text;
}

}  // namespace

std::string reproduce_command(const reports::Verdict& verdict, const CommandLine& line,
                              std::string_view program) {
  const std::string schedule = schedule_of(verdict, line);
  const std::string how = schedule.empty() ? search(line) : " --schedule " + shell_quoted(schedule);
  if (!verdict.command.empty()) return program_command(verdict, line, program, how);
  std::string text = fmt::format("{} --scenario {} --variant {}", shell_quoted(program),
                                 shell_quoted(verdict.scenario), shell_quoted(verdict.variant));
  for (const std::string& dir : line.plugin_dirs) text += " --plugin-dir " + shell_quoted(dir);
  const bool under_control = verdict.mode == "explore";  // though stress may have asked for it
  if (verdict.mode == "stress" || (line.mode == Mode::stress && !under_control))
    text += " --mode stress";
  if (line.threads && verdict.mode == "stress") text += fmt::format(" --threads {}", *line.threads);
  if (verdict.seed != 1) text += fmt::format(" --seed {}", verdict.seed);
  if (line.leaks) text += " --leaks";
  if (line.spurious_wakeups) text += " --spurious-wakeups";
  if (line.max_steps) text += fmt::format(" --max-steps {}", *line.max_steps);
  return text + how;
}

}  // namespace harness::cli
