// Trying the failing schedule without each of its switches, and what is told of that.
#include "harness/explore/explain.hpp"

#include <algorithm>

#include "harness/explore/code_places.hpp"
#include "harness/explore/orders.hpp"
#include "harness/strategies/stops.hpp"

namespace harness {
namespace {

constexpr std::size_t most_switches = 200;
constexpr std::size_t rows_of_passing = 24;

class Explaining {
 public:
  Explaining(Probe& probe, const Failure& failure, Effort& effort)
      : probe_(probe), failure_(failure), effort_(effort), stops_(to_stops(failure.choices)) {}

  reports::Explanation run(const Record& record, std::uint64_t seed) {
    const auto candidates = without_each_switch();
    try_without(candidates);
    add_orders(find_orders(probe_, failure_.recording.events, failure_.recording.violation.accesses,
                           candidates, seed, effort_));
    add_passing(candidates, record);
    return explanation_;
  }

 private:
  // Before each switch its task goes on as far as it can; the others do what is left of theirs.
  std::vector<Stops> without_each_switch() const {
    std::vector<Stops> candidates;
    for (std::size_t i = 0; i + 1 < stops_.stops.size() && i < most_switches; ++i) {
      candidates.push_back(stops_);
      candidates.back().stops[i].upto = Stop::as_far_as_it_can;
    }
    return candidates;
  }

  void try_without(const std::vector<Stops>& candidates) {
    constexpr std::uint64_t not_forced = 1;
    const auto ends = ends_of_runs();
    const auto strategy = follow_stops(candidates);
    const auto next = [&](const Probe::Tried& tried) {
      const std::size_t end = ends[tried.number];
      const bool went_on =
          tried.choices.size() > end && tried.choices[end].task == failure_.choices[end - 1].task;
      tried.note = {went_on ? not_forced : 0, 0};
      return true;
    };
    const Probe::Result result = probe_.run(*strategy, candidates.size(), effort_, next);
    explanation_.tried += result.answers.size();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const bool known = i < result.answers.size();
      const Answer answer = known ? result.answers[i] : Answer::none;
      const bool forced = known && result.notes[i][0] != not_forced;
      add_switch(i, ends[i], forced ? "forced" : word_for(answer));
    }
  }

  static const char* word_for(Answer answer) {
    switch (answer) {
      case Answer::passed:
        return "pass";
      case Answer::same:
        return "same";
      case Answer::other:
        return "other";
      default:
        return "unknown";
    }
  }

  // Steps up to the end of each run.
  std::vector<std::size_t> ends_of_runs() const {
    std::vector<std::size_t> ends;
    for (std::size_t i = 1; i <= failure_.choices.size(); ++i)
      if (i == failure_.choices.size() || failure_.choices[i].task != failure_.choices[i - 1].task)
        ends.push_back(i);
    return ends;
  }

  void add_switch(std::size_t run, std::size_t end, const std::string& without) {
    const TaskId task = stops_.stops[run].task;
    const auto later = std::find_if(failure_.choices.begin() + static_cast<std::ptrdiff_t>(end),
                                    failure_.choices.end(),
                                    [&](const Choice& choice) { return choice.task == task; });
    reports::Explanation::Switch one;
    one.after = static_cast<std::uint32_t>(end);
    one.from = name_of(task);
    one.to = name_of(stops_.stops[run + 1].task);
    if (later != failure_.choices.end())
      one.held_up = static_cast<std::uint32_t>(later - failure_.choices.begin()) + 1;
    one.without = without;
    explanation_.switches.push_back(std::move(one));
  }

  std::string name_of(TaskId task) const {
    const auto& names = failure_.recording.task_names;
    return task < names.size() ? names[task] : "task " + std::to_string(task);
  }

  void add_orders(const FoundOrders& found) {
    explanation_.tried += found.tried;
    explanation_.ordered = found.found;
    if (!found.found) return;
    for (const StepOrder& order : found.orders)
      explanation_.orders.push_back({order.first, order.then});
    explanation_.random = found.random;
    explanation_.depth_first = found.depth_first;
    explanation_.preemptions = found.preemptions;
    explanation_.exhaustive = found.is_all;
  }

  // Of the executions without one switch that passed, the one that parts latest.
  void add_passing(const std::vector<Stops>& candidates, const Record& record) {
    const auto& switches = explanation_.switches;
    for (std::size_t i = switches.size(); i-- > 0;) {
      if (switches[i].without != "pass") continue;
      const auto strategy = follow_stops({candidates[i]});
      const Probe::Result result =
          probe_.run(*strategy, 1, effort_, [](const Probe::Tried&) { return false; });
      if (!result.choices || result.answers.front() != Answer::passed) continue;
      const SharedBlock passing = record(*result.choices);
      describe_passing(*result.choices, result.task_names, recording_of(*passing));
      return;
    }
  }

  void describe_passing(const std::vector<Choice>& choices, const std::vector<std::string>& names,
                        const Recording& recording) {
    const auto [failing, passing] = std::mismatch(failure_.choices.begin(), failure_.choices.end(),
                                                  choices.begin(), choices.end());
    reports::Explanation::Passing result;
    result.schedule = schedule_text(choices, names, probe_.job().points);
    result.parts_at = static_cast<std::uint32_t>(passing - choices.begin()) + 1;
    reports::Verdict described;
    describe(recording, described);
    for (reports::Step& step : described.trace)
      if (step.number >= result.parts_at && result.trace.size() < rows_of_passing)
        result.trace.push_back(std::move(step));
    explanation_.passing = std::move(result);
  }

  Probe& probe_;
  const Failure& failure_;
  Effort& effort_;
  Stops stops_;
  reports::Explanation explanation_;
};

}  // namespace

reports::Explanation explain(Probe& probe, const Failure& failure, const Record& record,
                             std::uint64_t seed, Effort& effort) {
  return Explaining(probe, failure, effort).run(record, seed);
}

}  // namespace harness
