#include "harness/explore/find_again.hpp"

#include <algorithm>
#include <array>

#include "harness/explore/code_places.hpp"
#include "harness/explore/confirm.hpp"
#include "harness/explore/job.hpp"
#include "harness/explore/probe.hpp"
#include "harness/explore/shrink.hpp"
#include "harness/explore/witness.hpp"
#include "harness/strategies/make.hpp"
#include "harness/strategies/stops.hpp"

namespace harness {
namespace {

constexpr std::uint64_t executions_a_turn = 5'000;
constexpr std::uint64_t random_examples = 60;
constexpr double usual_seconds = 20;

Job protecting_job(const Scenario& scenario, const Variant& variant, const Options& options) {
  Job job = make_job(scenario, variant, options);
  job.settings.protects = true;
  return job;
}

class FindingAgain {
 public:
  FindingAgain(const Scenario& scenario, const Variant& variant, const Options& options)
      : variant_(variant), options_(options), job_(protecting_job(scenario, variant, options)) {
    verdict_.scenario = scenario.name;
    verdict_.variant = variant.name;
    verdict_.expected = variant.expected;
    verdict_.seed = options.seed;
    verdict_.bounds.max_steps = options.max_steps;
    verdict_.mode = "explore";
    verdict_.outcome = "violation";
  }

  FoundAgain run(const reports::Violation& seen) {
    Signature wanted{seen.rule, {}};
    for (const reports::Access& access : seen.accesses)
      wanted.functions.push_back(access.stack.empty() ? "" : access.stack.front().function);
    found_.same_place = true;
    const double seconds = options_.seconds > 0 ? options_.seconds : usual_seconds;
    if (search(wanted, seconds / 2)) return found_;
    // The sanitizers and the system call places otherwise than we do: better any than none.
    found_.same_place = wanted.functions.empty();
    search({seen.rule, {}}, seconds / 2);
    return found_;
  }

 private:
  bool search(const Signature& wanted, double seconds) {
    constexpr std::array strategies = {"pct", "random", "pos"};
    Effort effort(seconds);
    Probe probe(job_, wanted);
    for (std::uint64_t turn = 0; !effort.is_spent() && !is_over(); ++turn) {
      const char* const name = strategies[turn % strategies.size()];
      const auto strategy = make_strategy(name, {.seed = options_.seed + turn / strategies.size()});
      const Probe::Result result =
          probe.run(*strategy, executions_a_turn, effort,
                    [](const Probe::Tried& tried) { return tried.answer != Answer::same; });
      found_.tried += result.answers.size();
      if (!result.choices) continue;
      job_.points = result.points;
      job_.settings.learns_points = false;
      conclude(*result.choices, result.task_names, name);
      return true;
    }
    return false;
  }

  bool is_over() const {
    const bool interrupted = options_.interrupted != nullptr && options_.interrupted->load();
    return interrupted || (options_.executions != 0 && found_.tried >= options_.executions);
  }

  void conclude(const std::vector<Choice>& choices, const std::vector<std::string>& names,
                const char* strategy) {
    verdict_.strategy = strategy;
    verdict_.executions = found_.tried;
    verdict_.steps = choices.size();
    verdict_.violation.emplace();
    verdict_.violation->schedule = schedule_text(choices, names, job_.points);
    confirm(job_, choices, options_.shrink_seconds, verdict_);
    verdict_.as_expected = verdict_.violation->rule == variant_.expected;
    found_.verdict = std::move(verdict_);
  }

  const Variant& variant_;
  const Options& options_;
  Job job_;
  reports::Verdict verdict_;
  FoundAgain found_;
};

// The choices of the executions of a strategy that passed.
std::vector<std::vector<Choice>> passing(const Job& job, Strategy& strategy, std::uint64_t count) {
  std::vector<std::vector<Choice>> all;
  for (std::uint64_t number = 0; number < count; ++number) {
    const SharedBlock shared = make_block(job.settings.max_steps, false);
    Job one = job;
    one.strategy = &strategy;
    shared->executions.store(number);
    one.max_executions = number + 1;
    if (run_worker(*shared, one).lost != Lost::no || shared->violation.set) continue;
    if (shared->executions.load() == number + 1) all.push_back(choices_of(*shared));
  }
  return all;
}

reports::Example example_of(const Job& job, std::vector<Choice> choices) {
  const SharedBlock shared = make_block(job.settings.max_steps, true);
  const auto strategy = follow_choices(std::move(choices));
  Job one = job;
  one.strategy = strategy.get();
  one.max_executions = 1;
  one.settings.records = true;
  run_worker(*shared, one);
  reports::Verdict described;
  describe(recording_of(*shared), described);
  return {schedule_text(choices_of(*shared), task_names(*shared), job.points),
          std::move(described.tasks), std::move(described.trace)};
}

}  // namespace

FoundAgain find_again(const Scenario& scenario, const Variant& variant, const Options& options,
                      const reports::Violation& seen) {
  return FindingAgain(scenario, variant, options).run(seen);
}

std::vector<reports::Example> typical_executions(const Scenario& scenario, const Variant& variant,
                                                 const Options& options) {
  const Job job = protecting_job(scenario, variant, options);
  auto chosen = passing(job, *follow_stops({{}}), 1);
  auto drawn = passing(job, *make_strategy("random", {.seed = options.seed}), random_examples);
  std::stable_sort(drawn.begin(), drawn.end(), [](const auto& a, const auto& b) {
    return size_of(a).switches < size_of(b).switches;
  });
  if (!drawn.empty()) {
    chosen.push_back(drawn[drawn.size() / 2]);
    chosen.push_back(drawn.back());
  }
  std::vector<reports::Example> examples;
  for (std::size_t i = 0; i < chosen.size(); ++i)
    if (std::find(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(i), chosen[i]) ==
        chosen.begin() + static_cast<std::ptrdiff_t>(i))
      examples.push_back(example_of(job, chosen[i]));
  return examples;
}

}  // namespace harness
