#include "harness/cli/backend.hpp"

#include <fmt/format.h>

#include <exception>

#include "harness/cli/program_process.hpp"
#include "harness/engine/errors.hpp"
#include "harness/explore/explore.hpp"
#include "harness/explore/find_again.hpp"
#include "harness/stress/stress.hpp"

namespace harness::cli {
namespace {

constexpr double default_seconds = 20;
constexpr double default_stress_seconds = 5;
constexpr double as_good_as_for_ever = 3e7;
constexpr const char* default_strategy = "portfolio";
constexpr int default_preemptions = 2;

reports::Verdict on_real_threads(const Scenario& scenario, const Variant& variant,
                                 const Request& request) {
  StressOptions options;
  options.seed = request.seed;
  options.seconds = request.seconds > 0 ? request.seconds : as_good_as_for_ever;
  options.executions = request.executions;
  options.schedule = request.schedule;
  if (request.progress)
    options.progress = [&request](std::uint64_t executions, double seconds) {
      request.progress({executions, seconds});
    };
  options.interrupted = request.interrupted;
  return stress(scenario, variant, options);
}

reports::Verdict in_engine(const Scenario& scenario, const Variant& variant,
                           const Request& request) {
#if HARNESS_ENGINE
  return explore(scenario, variant, engine_options(request));
#else
  return on_real_threads(scenario, variant, request);
#endif
}

// The scenario is a name for the program.
reports::Verdict by_whom(const Scenario& scenario, const Variant& variant, const Request& request) {
  if (request.program != nullptr) return run_in_process(*request.program, request);
  return request.real_threads ? on_real_threads(scenario, variant, request)
                              : in_engine(scenario, variant, request);
}

reports::Verdict without_answer(const Request& request, const std::string& outcome,
                                const std::string& reason) {
  reports::Verdict verdict;
  verdict.mode = request.real_threads ? "stress" : request.schedule.empty() ? "explore" : "replay";
  verdict.strategy = request.schedule.empty() ? request.strategy : "replay";
  verdict.bounds.preemptions = request.preemptions;
  verdict.bounds.max_steps = request.max_steps;
  verdict.outcome = outcome;
  verdict.reason = reason;
  return verdict;
}

// What limits a search where the user gave neither limit, or only one.
void set_limits(const Scenario& scenario, const CommandLine& line, Request& request) {
  const bool none_given = !line.executions && !line.seconds;
  const std::uint64_t hint = scenario.search.executions;
  const std::uint64_t usual = request.real_threads ? 0 : Options().executions;
  request.executions = line.executions.value_or(!none_given                     ? 0
                                                : hint && !request.real_threads ? hint
                                                                                : usual);
  const double usual_seconds = request.real_threads ? default_stress_seconds : default_seconds;
  request.seconds = line.seconds.value_or(none_given ? usual_seconds : 0);
}

void set_strategy(const Scenario& scenario, const CommandLine& line, Request& request) {
  const Search& wish = scenario.search;
  request.strategy =
      line.strategy.value_or(wish.strategy.empty() ? default_strategy : wish.strategy);
  const int usual = wish.preemptions >= 0 ? wish.preemptions : default_preemptions;
  const bool bounded =
      request.strategy == "dfs" || request.strategy == "portfolio" || line.strict_preemptions;
  request.preemptions = bounded ? line.preemptions.value_or(usual) : -1;
  request.depth = line.depth;
  request.part = line.part;
  request.parts = line.parts;
}

}  // namespace

bool has_engine() { return HARNESS_ENGINE != 0; }

std::string sanitizer_name() { return std::string(sanitizer_of_build()); }

Options engine_options(const Request& request) {
  Options options;
  options.strategy = request.strategy;
  options.preemptions = request.preemptions;
  options.depth = request.depth;
  options.part = request.part;
  options.parts = request.parts;
  options.seed = request.seed;
  options.executions = request.executions;
  options.seconds = request.seconds;
  options.max_steps = request.max_steps;
  options.shrink_seconds = request.shrink_seconds;
  options.schedule = request.schedule;
  options.data_races = request.data_races;
  options.plain_accesses = request.plain_accesses;
  options.suppressions = request.suppressions;
  options.keep_going = request.keep_going;
  options.leaks = request.leaks;
  options.spurious_wakeups = request.spurious_wakeups;
  options.interrupted = request.interrupted;
  if (request.progress)
    options.progress = [&request](const Progress& progress) {
      request.progress({progress.executions, progress.seconds, progress.orders, progress.leaves});
    };
  return options;
}

Request request_for(const Scenario& scenario, const CommandLine& line) {
  Request request;
  request.real_threads = line.mode == Mode::stress || !has_engine();
  request.seed = line.seed;
  request.max_steps = line.max_steps.value_or(Options().max_steps);
  request.schedule = line.schedule.value_or("");
  request.keep_going = line.keep_going;
  request.leaks = line.leaks;
  request.spurious_wakeups = line.spurious_wakeups;
  request.data_races = line.data_races.value_or(Options().data_races);
  request.plain_accesses = line.plain_accesses.value_or(Options().plain_accesses);
  request.suppressions = line.suppressions;
  request.shrink_seconds = line.shrink_seconds;
  set_limits(scenario, line, request);
  if (!request.real_threads) set_strategy(scenario, line, request);
  return request;
}

std::optional<reports::Verdict> explained([[maybe_unused]] const Scenario& scenario,
                                          [[maybe_unused]] const Variant& variant,
                                          [[maybe_unused]] const Request& request,
                                          [[maybe_unused]] const reports::Verdict& seen,
                                          std::string& said) {
  said = "nothing to explain";
#if HARNESS_ENGINE
  if (!seen.violation) return {};
  Options options = engine_options(request);
  options.executions = 0;
  options.seconds = default_seconds;
  FoundAgain found = find_again(scenario, variant, options, *seen.violation);
  if (!found.verdict) {
    said = fmt::format("{} was looked for under control in {} executions, and not found there: give "
                       "it more with --mode explore --seconds S, or it needs what is not controlled",
                       seen.violation->rule, found.tried);
    return {};
  }
  said = found.same_place
             ? "found under control at the same place"
             : "found under control, the same rule, though not in the functions that were seen";
  return std::move(found.verdict);
#else
  return {};
#endif
}

std::vector<reports::Example> examples_of([[maybe_unused]] const Scenario& scenario,
                                          [[maybe_unused]] const Variant& variant,
                                          [[maybe_unused]] const Request& request) {
#if HARNESS_ENGINE
  if (!request.real_threads && request.schedule.empty())
    return typical_executions(scenario, variant, engine_options(request));
#endif
  return {};
}

bool is_as_expected(const reports::Verdict& verdict) {
  if (verdict.outcome == "pass") return verdict.expected == "pass";
  return verdict.outcome == "violation" && verdict.violation &&
         verdict.violation->rule == verdict.expected;
}

reports::Verdict run_variant(const Scenario& scenario, const Variant& variant,
                             const Request& request) {
  reports::Verdict verdict;
  const bool too_late = request.interrupted && request.interrupted->load();
  if (too_late) verdict = without_answer(request, "inconclusive", "interrupted before it began");
  try {
    if (!too_late)
      verdict = by_whom(scenario, variant, request);
  } catch (const UsageError&) {
    throw;
  } catch (const ReplayDiverged& error) {
    verdict = without_answer(request, "error", error.what());
  } catch (const std::exception& error) {
    verdict = without_answer(request, "error", std::string("the tool failed: ") + error.what());
  }
  verdict.scenario = scenario.name;
  verdict.variant = variant.name;
  verdict.expected = variant.expected;
  verdict.seed = request.seed;
  if (request.program != nullptr) verdict.command = request.program->words;
  verdict.as_expected = is_as_expected(verdict);
  return verdict;
}

}  // namespace harness::cli
