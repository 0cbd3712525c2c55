#include "harness/cli/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "harness/cli/backend.hpp"
#include "harness/cli/break_at.hpp"
#include "harness/cli/documents.hpp"
#include "harness/cli/files.hpp"
#include "harness/cli/plugins.hpp"
#include "harness/cli/program_process.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/remembered.hpp"
#include "harness/cli/replay.hpp"
#include "harness/cli/selection.hpp"
#include "harness/cli/shell.hpp"
#include "harness/cli/signals.hpp"
#include "harness/cli/terminal.hpp"
#include "harness/engine/errors.hpp"
#include "harness/engine/nearest.hpp"
#include "harness/engine/schedule.hpp"
#include "harness/strategies/make.hpp"

namespace harness::cli {
namespace {

// A reader that has gone away is no reason to stop: the documents are still to be written.
void say(const std::string& text) { static_cast<void>(write_all(STDOUT_FILENO, text)); }

void warn(const std::string& text) {
  static_cast<void>(write_all(STDERR_FILENO, "harness: " + text + "\n"));
}

// Where only a list or a document may go to standard output, it is set aside, and whatever else is
// printed, by us or by the code under test, goes to standard error. Returns where it was set aside.
int set_output_aside() {
  const int aside = dup(STDOUT_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  return aside;
}

class Run {
 public:
  Run(const CommandLine& line, const std::string& program, std::uint64_t seed, int output)
      : line_(line),
        program_(program),
        console_(console_options(STDOUT_FILENO, line)),
        progress_(!line.quiet && is_live_terminal(STDERR_FILENO),
                  console_options(STDERR_FILENO, line).width),
        documents_(line, seed, output),
        remembered_(line) {
    for (const std::string& warning : remembered_.warnings()) warn(warning);
    if (!line.quiet) say(fmt::format("seed {}\n", seed));
  }

  void variant(const Scenario& scenario, const Variant& variant, const Program* program = nullptr) {
    Request request = watched(scenario, variant, request_for(scenario, line_));
    request.program = program;
    if (line_.repeat > 1) return repeated({&scenario, &variant, request, {}, 0}, "");
    const auto start = std::chrono::steady_clock::now();
    Remembered::Replayed known = remembered_.replay(scenario, variant, request);
    reports::Verdict verdict =
        known.verdict ? std::move(*known.verdict) : run_variant(scenario, variant, request);
    if (const std::string problem = remembered_.keep(verdict, request); !problem.empty())
      warn(problem);
    for (const std::string& note : known.notes)
      verdict.environment_notes.push_back(scenario.name + "/" + variant.name + ": " + note);
    known.notes.resize(known.worth_saying);
    if (line_.explain_pass && verdict.outcome == "pass")
      verdict.examples = examples_of(scenario, variant, request);
    const bool wants_more = line_.explain && verdict.violation;
    const reports::Verdict seen = wants_more ? verdict : reports::Verdict();
    finish(std::move(verdict), start, fmt::format("{}", fmt::join(known.notes, "\n      ")));
    if (wants_more) explain(scenario, variant, request, seen);
  }

  void recorded(const KnownViolation& wanted) {
    const std::string result = fmt::format("{} at step {}", wanted.rule, wanted.step);
    KnownViolation one = wanted;
    one.request = watched(*wanted.scenario, *wanted.variant, wanted.request);
    repeated(one, result);
  }

  void end_scenario() { documents_.end_scenario(); }

  int end(std::size_t not_run) {
    documents_.end_run();
    if (not_run > 0)
      warn(fmt::format("interrupted: {} not run",
                       not_run == 1 ? "1 variant" : fmt::format("{} variants", not_run)));
    std::string text = reports::summary(documents_.all(), console_);
    if (!documents_.files().empty() && !line_.quiet)
      text += fmt::format("report: {}\n", fmt::join(documents_.files(), ", "));
    say(text);
    return exit_code(not_run);
  }

 private:
  Request watched(const Scenario& scenario, const Variant& variant, Request request) {
    request.interrupted = &interrupted();
    progress_.begin(scenario.name + "/" + variant.name, request.executions, request.seconds);
    request.progress = [this](const Effort& effort) { progress_.update(effort); };
    return request;
  }

  // What was seen on real threads, under control: a verdict of its own.
  void explain(const Scenario& scenario, const Variant& variant, const Request& request,
               const reports::Verdict& seen) {
    const auto start = std::chrono::steady_clock::now();
    std::string said;
    auto verdict = explained(scenario, variant, request, seen, said);
    if (!line_.quiet) say("      " + said + "\n");
    if (!verdict) return;
    if (const std::string problem = remembered_.keep(*verdict, request); !problem.empty())
      warn(problem);
    finish(std::move(*verdict), start, "");
  }

  void repeated(const KnownViolation& one, const std::string& wanted) {
    const auto start = std::chrono::steady_clock::now();
    Request request = one.request;
    request.progress = {};
    std::uint64_t done = 0;
    const auto once = [&] {
      progress_.update({done++, seconds_since(start)});
      return run_variant(*one.scenario, *one.variant, request);
    };
    progress_.begin(one.scenario->name + "/" + one.variant->name, line_.repeat, 0);
    std::string said;
    reports::Verdict verdict = repeat(
        line_.repeat, wanted, once, [] { return interrupted().load(); }, said);
    finish(std::move(verdict), start, said);
  }

  static double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  void finish(reports::Verdict verdict, std::chrono::steady_clock::time_point start,
              const std::string& said) {
    const double seconds = seconds_since(start);
    progress_.erase();
    // In a document the program has the same name wherever it was called from.
    verdict.reproduce = reproduce_command(verdict, line_, "harness");
    if (!line_.quiet) {
      reports::Verdict shown = verdict;
      shown.reproduce = reproduce_command(verdict, line_, program_);
      say(reports::to_text(shown, console_));
      if (!said.empty()) say("      " + said + "\n");
    }
    documents_.add(std::move(verdict), seconds);
  }

  int exit_code(std::size_t not_run) const {
    const auto& verdicts = documents_.all().verdicts;
    const auto failed = [](const reports::Verdict& verdict) { return verdict.outcome == "error"; };
    if (documents_.failed() || std::any_of(verdicts.begin(), verdicts.end(), failed))
      return exit_failed;
    const auto odd = [](const reports::Verdict& verdict) { return !verdict.as_expected; };
    const bool any_odd = not_run > 0 || std::any_of(verdicts.begin(), verdicts.end(), odd);
    return any_odd ? exit_not_as_expected : exit_as_expected;
  }

  const CommandLine& line_;
  std::string program_;
  reports::ConsoleOptions console_;
  ProgressLine progress_;
  Documents documents_;
  Remembered remembered_;
};

void load(const CommandLine& line) {
  std::error_code error;
  const auto executable = std::filesystem::read_symlink("/proc/self/exe", error);
  // A plugin that wants to know looks there: it is where an option may stand, too.
  if (line.threads) setenv("HARNESS_THREADS", std::to_string(*line.threads).c_str(), 1);
  const auto dirs = plugin_dirs(line.plugin_dirs, line.plugin_path, executable.string());
  const LoadedPlugins loaded = load_plugins(dirs, sanitizer_name());
  for (const std::string& warning : loaded.warnings) warn(warning);
  if (!registered_scenarios().empty()) return;
  std::vector<std::string> places;
  for (const PluginDir& dir : dirs) places.push_back(dir.path);
  throw UsageError(fmt::format("no scenario is there; looked for plugins (*.so) in: {}",
                               fmt::join(places, ", ")));
}

// What can be refused before anything has run.
void check_strategy(const CommandLine& line) {
  if (!line.strategy) return;
  const auto known = strategy_names();
  if (std::find(known.begin(), known.end(), *line.strategy) == known.end())
    throw UsageError("--strategy: " + unknown("strategy", *line.strategy, known));
}

void check(const CommandLine& line, const std::vector<Selected>& selected) {
  check_strategy(line);
  if (!line.schedule) return;
  if (selected.size() != 1) {
    std::vector<std::string> names;
    for (const Selected& one : selected) names.push_back(one.scenario->name);
    throw UsageError(fmt::format("--schedule is about one scenario, but --scenario chooses {}: {}",
                                 names.size(), fmt::join(names, ", ")));
  }
  parse_schedule(*line.schedule);
}

void check_target(const CommandLine& line) {
  std::error_code error;
  int to_output = 0;
  for (const auto& [option, file] :
       {std::pair{"json", &line.json}, {"junit", &line.junit}, {"sarif", &line.sarif}}) {
    if (!*file) continue;
    if (**file == "-" && ++to_output > 1)
      throw UsageError(fmt::format(
          "--{}: standard output is asked for twice; write one of the documents to a file", option));
    if (**file != "-" && std::filesystem::is_directory(**file, error))
      throw UsageError(fmt::format("--{}: '{}' is a directory; --report-dir takes one", option,
                                   **file));
  }
}

// One execution up to a step; nothing is written but what stands there.
int break_at(const CommandLine& line, const Scenario& scenario, const Variant& variant,
             Request request) {
  request.interrupted = &interrupted();
  if (const std::string why_not = become_debugger(line); !why_not.empty()) warn(why_not);
  say(next_steps(scenario, variant, request, line));
  return exit_as_expected;
}

int break_at_recorded(const CommandLine& line, const std::vector<Scenario>& scenarios,
                      const Program* tested = nullptr) {
  KnownViolations violations = read_violations(line, scenarios);
  if (violations.all.size() == 1) {
    KnownViolation& one = violations.all.front();
    one.request.program = tested;
    return break_at(line, *one.scenario, *one.variant, one.request);
  }
  std::vector<std::string> names;
  for (const KnownViolation& one : violations.all)
    names.push_back(one.scenario->name + "/" + one.variant->name);
  throw UsageError(fmt::format("--break-at is about one execution, but '{}' holds {}: {}; choose one "
                               "with --scenario and --variant",
                               *line.replay, names.size(), fmt::join(names, ", ")));
}

int break_at_selected(const CommandLine& line, const std::vector<Selected>& selected) {
  if (selected.size() == 1 && selected.front().variants.size() == 1) {
    const Scenario& scenario = *selected.front().scenario;
    return break_at(line, scenario, *selected.front().variants.front(),
                    request_for(scenario, line));
  }
  throw UsageError("--break-at is about one execution; choose one with --scenario and --variant");
}

int replay_report(const CommandLine& line, const std::string& program, int output,
                  const std::vector<Scenario>& scenarios, const Program* tested = nullptr) {
  KnownViolations violations = read_violations(line, scenarios);
  for (KnownViolation& violation : violations.all) violation.request.program = tested;
  for (const std::string& warning : violations.warnings) warn(warning + "; left out");
  Run run(line, program, violations.seed, output);
  std::size_t done = 0;
  for (; done < violations.all.size() && (done == 0 || !interrupted()); ++done) {
    run.recorded(violations.all[done]);
    const bool last = done + 1 == violations.all.size();
    if (last || violations.all[done + 1].scenario != violations.all[done].scenario)
      run.end_scenario();
  }
  if (done < violations.all.size()) run.end_scenario();
  return run.end(violations.all.size() - done);
}

// A whole program is a scenario of one variant, called as its file.
int run_program(const CommandLine& line, const std::string& program, int output) {
  check_strategy(line);
  if (line.schedule) parse_schedule(*line.schedule);
  const Program tested = program_of(line);
  Scenario scenario;
  scenario.name = std::filesystem::path(tested.path).filename().string();
  scenario.variants = {{"main", line.expected}};
  if (line.break_at && line.replay) return break_at_recorded(line, {scenario}, &tested);
  if (line.break_at) {
    Request request = request_for(scenario, line);
    request.program = &tested;
    return break_at(line, scenario, scenario.variants.front(), request);
  }
  if (line.replay) return replay_report(line, program, output, {scenario}, &tested);
  Run run(line, program, line.seed, output);
  run.variant(scenario, scenario.variants.front(), &tested);
  run.end_scenario();
  return run.end(0);
}

int run_selected(const CommandLine& line, const std::vector<Selected>& selected,
                 const std::string& program, int output) {
  check(line, selected);
  Run run(line, program, line.seed, output);
  std::size_t not_run = 0;
  bool begun = false;
  for (const Selected& one : selected) {
    // A document is about a whole scenario, so one that was begun is gone through to its end.
    if (begun && interrupted()) {
      not_run += one.variants.size();
      continue;
    }
    begun = true;
    for (const Variant* variant : one.variants) run.variant(*one.scenario, *variant);
    run.end_scenario();
  }
  return run.end(not_run);
}

}  // namespace

int run(const CommandLine& line, const std::string& program) {
  for (const std::string& warning : line.warnings) warn(warning);
  check_target(line);
  const bool aside = line.list || line.json == "-" || line.junit == "-" || line.sarif == "-";
  const int output = aside ? set_output_aside() : STDOUT_FILENO;
  if (line.runs_program) return run_program(line, program, output);
  if (!line.list && !line.replay && !line.scenario)
    throw UsageError(
        "nothing is chosen; write --scenario NAME, --scenario '*' for all, --list, or harness run -- PROGRAM");
  load(line);
  if (line.replay && line.break_at) return break_at_recorded(line, registered_scenarios());
  if (line.replay && !line.list) return replay_report(line, program, output, registered_scenarios());
  const auto selected = select(registered_scenarios(), line.scenario.value_or("*"), line.variant);
  if (line.break_at) {
    check(line, selected);
    return break_at_selected(line, selected);
  }
  if (!line.list) return run_selected(line, selected, program, output);
  const std::string problem = write_all(output, listing(selected));
  if (problem.empty()) return exit_as_expected;
  warn("standard output cannot be written: " + problem);
  return exit_failed;
}

}  // namespace harness::cli
