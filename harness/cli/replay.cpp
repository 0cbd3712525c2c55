#include "harness/cli/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/cli/files.hpp"
#include "harness/cli/pattern.hpp"
#include "harness/engine/errors.hpp"
#include "harness/engine/nearest.hpp"
#include "harness/engine/schedule.hpp"
#include "reports/json.hpp"
#include "reports/text.hpp"

namespace harness::cli {
namespace {

constexpr std::uint64_t most_steps = 10'000'000;

reports::Report read(const std::string& file) {
  const std::string text = read_file(file, "--replay");
  try {
    return reports::read_report(text, file);
  } catch (const reports::BadReport& error) {
    throw UsageError(fmt::format("--replay: {}", error.what()));
  }
}

template <class Item>
const Item& named(const std::vector<Item>& items, const std::string& name, std::string_view kind,
                  const std::string& file) {
  std::vector<std::string> known;
  for (const Item& item : items) {
    if (item.name == name) return item;
    known.push_back(item.name);
  }
  std::sort(known.begin(), known.end());
  throw UsageError(fmt::format("--replay: report '{}': {}", file, unknown(kind, name, known)));
}

bool is_about_program(const reports::Report& report) {
  return std::any_of(report.verdicts.begin(), report.verdicts.end(),
                     [](const reports::Verdict& verdict) {
                       return verdict.violation && !verdict.command.empty();
                     });
}

// The violations that --scenario and --variant choose among those of the report.
std::vector<reports::Verdict> chosen(const reports::Report& report, const CommandLine& line) {
  std::set<std::string> scenarios;
  std::set<std::string> variants;
  for (const reports::Verdict& verdict : report.verdicts) {
    if (!verdict.violation) continue;
    scenarios.insert(verdict.scenario);
    variants.insert(verdict.variant);
  }
  if (scenarios.empty())
    throw UsageError(fmt::format("--replay: report '{}' holds no violation", *line.replay));
  if (!line.runs_program && is_about_program(report))
    throw UsageError(fmt::format(
        "--replay: report '{0}' is about a program; write harness run --replay {0}", *line.replay));
  std::vector<std::string> wanted;
  std::vector<std::string> of;
  try {
    wanted = choose(line.scenario.value_or("*"), {scenarios.begin(), scenarios.end()}, "scenario");
    of = choose(line.variant, {variants.begin(), variants.end()}, "variant");
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("--replay: among the violations of report '{}': {}", *line.replay,
                                 error.what()));
  }
  std::vector<reports::Verdict> verdicts;
  for (const reports::Verdict& verdict : report.verdicts)
    if (verdict.violation &&
        std::find(wanted.begin(), wanted.end(), verdict.scenario) != wanted.end() &&
        std::find(of.begin(), of.end(), verdict.variant) != of.end())
      verdicts.push_back(verdict);
  if (verdicts.empty())
    throw UsageError(
        fmt::format("--replay: report '{}' holds no violation of such a variant", *line.replay));
  return verdicts;
}

// "" or why this violation cannot be replayed by this build.
std::string obstacle(const reports::Verdict& verdict) {
  const std::string name = verdict.scenario + "/" + verdict.variant;
  if (verdict.violation->schedule.empty() && verdict.mode == "stress")
    return name +
           " was found on real threads without a schedule; run its scenario with --mode stress "
           "again";
  if (!has_engine() && verdict.mode != "stress")
    return name +
           " was recorded by the engine, which a sanitizer build has not; replay it with the "
           "ordinary build (preset release)";
  return {};
}

KnownViolation to_known(const reports::Verdict& verdict, const CommandLine& line,
                        const std::vector<Scenario>& scenarios) {
  KnownViolation recorded;
  if (line.runs_program && verdict.scenario != scenarios.front().name)
    throw UsageError(fmt::format("--replay: report '{}' is about the program {}, not {}",
                                 *line.replay, verdict.scenario, scenarios.front().name));
  recorded.scenario = &named(scenarios, verdict.scenario, "scenario", *line.replay);
  recorded.variant = &named(recorded.scenario->variants, verdict.variant,
                            "variant of " + verdict.scenario, *line.replay);
  recorded.request = request_for(*recorded.scenario, line);
  recorded.request.seed = verdict.seed;
  recorded.request.schedule = reports::shortest_schedule(*verdict.violation);
  // Without a single choice any execution is the one that was recorded.
  if (recorded.request.schedule.empty()) recorded.request.executions = 1;
  recorded.request.leaks = verdict.bounds.leaks;
  recorded.request.spurious_wakeups = verdict.bounds.spurious_wakeups;
  if (verdict.bounds.max_steps > 0)
    recorded.request.max_steps = std::min(verdict.bounds.max_steps, most_steps);
  try {
    if (!recorded.request.schedule.empty()) parse_schedule(recorded.request.schedule);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("--replay: report '{}': schedule of {}/{}: {}", *line.replay,
                                 verdict.scenario, verdict.variant, error.what()));
  }
  recorded.rule = verdict.violation->rule;
  recorded.step = verdict.violation->step;
  return recorded;
}

}  // namespace

KnownViolations read_violations(const CommandLine& line, const std::vector<Scenario>& scenarios) {
  const reports::Report report = read(*line.replay);
  KnownViolations violations;
  violations.seed = report.seed;
  for (const reports::Verdict& verdict : chosen(report, line)) {
    if (const std::string why_not = obstacle(verdict); !why_not.empty())
      violations.warnings.push_back(why_not);
    else
      violations.all.push_back(to_known(verdict, line, scenarios));
  }
  if (violations.all.empty())
    throw UsageError(
        fmt::format("--replay: report '{}': {}", *line.replay, violations.warnings.front()));
  return violations;
}

std::string result_text(const reports::Verdict& verdict) {
  if (verdict.violation)
    return fmt::format("{} at step {}", verdict.violation->rule, verdict.violation->step);
  return verdict.outcome + (verdict.reason.empty() ? "" : ": " + verdict.reason);
}

reports::Verdict repeat(std::uint64_t times, std::string wanted,
                        const std::function<reports::Verdict()>& once,
                        const std::function<bool()>& interrupted, std::string& said) {
  reports::Verdict verdict;
  for (std::uint64_t done = 1; done <= times; ++done) {
    verdict = once();
    const std::string result = result_text(verdict);
    const bool cut_off = interrupted();
    if (verdict.outcome == "error") {
      said = fmt::format("replay {} of {}: {}", done, times, result);
      return verdict;
    }
    if (wanted.empty()) wanted = result;
    verdict.counters["replays"] = done;
    verdict.counters["replays-alike"] = result == wanted ? done : done - 1;
    if (result != wanted && !cut_off) {
      const std::string reason =
          fmt::format("replay {} of {} differs: wanted {}, got {}", done, times, wanted, result);
      verdict.outcome = "error";
      verdict.reason = said = reason;
      verdict.as_expected = false;
      return verdict;
    }
    if (cut_off || done == times) {
      said = fmt::format("{} of {}: {}", verdict.counters["replays-alike"], times, wanted);
      break;
    }
  }
  return verdict;
}

}  // namespace harness::cli
