// The rounds of shrinking: each a list of candidates, of which the first that is smaller is taken.
#include "harness/explore/shrink.hpp"

#include <algorithm>

#include "harness/strategies/stops.hpp"

namespace harness {
namespace {

using Candidates = std::vector<Stops>;

constexpr std::size_t most_runs_in_pairs = 12;  // beyond it pairs of changes are too many

Stops without(const Stops& base, std::size_t first, std::size_t count) {
  Stops result = base;
  const auto from = result.stops.begin() + static_cast<std::ptrdiff_t>(first);
  result.stops.erase(from, from + static_cast<std::ptrdiff_t>(count));
  return result;
}

// Chunks of runs are left out: what they did, their tasks do when it is their turn again.
Candidates in_chunks(const Stops& base, std::size_t size) {
  Candidates result;
  for (std::size_t at = 0; at < base.stops.size(); at += size)
    result.push_back(without(base, at, std::min(size, base.stops.size() - at)));
  return result;
}

// A task does in run `at` already what it did in its next one; base.stops.size() of the latter if
// there is none.
std::size_t next_run_of_task(const Stops& base, std::size_t at) {
  for (std::size_t i = at + 1; i < base.stops.size(); ++i)
    if (base.stops[i].task == base.stops[at].task) return i;
  return base.stops.size();
}

Candidates joined_forwards(const Stops& base) {
  Candidates result;
  for (std::size_t at = 0; at < base.stops.size(); ++at) {
    const std::size_t next = next_run_of_task(base, at);
    if (next == base.stops.size()) continue;
    Stops candidate = base;
    candidate.stops[at].upto = base.stops[next].upto;
    result.push_back(without(candidate, next, 1));
  }
  return result;
}

Candidates without_a_task(const Stops& base) {
  Candidates result;
  std::vector<TaskId> tasks;
  for (const Stop& stop : base.stops) tasks.push_back(stop.task);
  std::sort(tasks.begin(), tasks.end());
  tasks.erase(std::unique(tasks.begin(), tasks.end()), tasks.end());
  for (const TaskId task : tasks) {
    Stops candidate = base;
    std::erase_if(candidate.stops, [&](const Stop& stop) { return stop.task == task; });
    result.push_back(std::move(candidate));
  }
  return result;
}

// One change to the order of runs.
Candidates single_changes(const Stops& base) {
  Candidates result = in_chunks(base, 1);
  for (Stops& candidate : joined_forwards(base)) result.push_back(std::move(candidate));
  return result;
}

// Runs that end sooner: their tasks do the rest later, or never.
Candidates shorter_runs(const Stops& base) {
  Candidates result;
  std::vector<std::uint32_t> begun;  // how far the task of each run was before it
  std::vector<std::uint32_t> progress;
  for (const Stop& stop : base.stops) {
    if (stop.task >= progress.size()) progress.resize(std::size_t{stop.task} + 1);
    begun.push_back(progress[stop.task]);
    progress[stop.task] = stop.upto;
  }
  for (std::size_t at = 0; at < base.stops.size(); ++at) {
    const std::uint32_t upto = base.stops[at].upto;
    for (std::uint32_t fewer = upto - std::min(upto, begun[at]); fewer > 0; fewer /= 2) {
      Stops candidate = base;
      candidate.stops[at].upto -= fewer;
      result.push_back(std::move(candidate));
    }
  }
  return result;
}

// Changes that help only together: a task may have to stop elsewhere when runs are joined.
Candidates double_changes(const Stops& base) {
  Candidates result;
  if (base.stops.size() > most_runs_in_pairs) return result;
  for (const Stops& once : single_changes(base)) {
    for (Stops& twice : single_changes(once)) result.push_back(std::move(twice));
    for (Stops& twice : shorter_runs(once)) result.push_back(std::move(twice));
  }
  return result;
}

Candidates ordinary_outcomes(const Stops& base) {
  if (base.alternatives.empty()) return {};
  Stops plain = base;
  plain.alternatives.clear();
  return {plain};
}

class Shrinking {
 public:
  Shrinking(Probe& probe, std::vector<Choice> choices, Effort& effort)
      : probe_(probe), best_{std::move(choices), 0}, effort_(effort) {}

  Shrunk run() {
    fewer_switches();
    while (improve(shorter_runs(base())) || improve(ordinary_outcomes(base()))) {
    }
    return best_;
  }

 private:
  Stops base() const { return to_stops(best_.choices); }

  void fewer_switches() {
    while (improve(without_a_task(base()))) {
    }
    for (std::size_t size = base().stops.size() / 2; size > 1; size /= 2)
      while (improve(in_chunks(base(), size))) {
      }
    while (improve(single_changes(base())) || improve(double_changes(base()))) {
    }
  }

  // Takes the first candidate that fails alike and is smaller.
  bool improve(const Candidates& candidates) {
    if (candidates.empty()) return false;
    const Size best = size_of(best_.choices);
    const auto strategy = follow_stops(candidates);
    const auto worse = [&](const Probe::Tried& tried) {
      return tried.answer != Answer::same || size_of(tried.choices) >= best;
    };
    Probe::Result result = probe_.run(*strategy, candidates.size(), effort_, worse);
    best_.tried += result.answers.size();
    if (!result.choices) return false;
    best_.choices = std::move(*result.choices);
    return true;
  }

  Probe& probe_;
  Shrunk best_;
  Effort& effort_;
};

}  // namespace

Size size_of(std::span<const Choice> choices) {
  Size size{0, choices.size()};
  for (std::size_t i = 1; i < choices.size(); ++i)
    if (choices[i].task != choices[i - 1].task) ++size.switches;
  return size;
}

Shrunk shrink(Probe& probe, std::vector<Choice> choices, Effort& effort) {
  return Shrinking(probe, std::move(choices), effort).run();
}

}  // namespace harness
