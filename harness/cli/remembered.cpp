#include "harness/cli/remembered.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "harness/engine/errors.hpp"

namespace harness::cli {
namespace {

std::string directory_of(const CommandLine& line) {
  const bool explores = line.mode == Mode::explore || line.explain;
  if (!explores || !has_engine()) return {};
  if (line.corpus) return *line.corpus == "none" ? "" : *line.corpus;
  // One document is asked for, and no directory of them.
  if (line.json) return {};
  return (std::filesystem::path(line.report_dir) / "corpus").string();
}

std::string name_of(const CorpusEntry& entry) {
  return std::filesystem::path(entry.file).filename().string();
}

bool is_violation_of(const std::string& rule, const reports::Verdict& verdict) {
  return verdict.violation && verdict.violation->rule == rule;
}

// A schedule that names what this program does not have is nothing that the user wrote.
reports::Verdict try_out(const Scenario& scenario, const Variant& variant, const Request& request) {
  try {
    return run_variant(scenario, variant, request);
  } catch (const UsageError&) {
    return {};
  }
}

#if HARNESS_ENGINE
std::vector<Turn> turns(const reports::Verdict& verdict) { return turns_of(verdict); }

std::string adapted(const CorpusEntry& entry, const Scenario& scenario, const Variant& variant,
                    const Request& request) {
  Options options;
  options.seed = request.seed;
  options.max_steps = request.max_steps;
  options.interrupted = request.interrupted;
  return adapt(scenario, variant, options, entry.turns, entry.rule);
}
#else
std::vector<Turn> turns(const reports::Verdict&) { return {}; }
std::string adapted(const CorpusEntry&, const Scenario&, const Variant&, const Request&) {
  return {};
}
#endif

std::size_t items_in(const std::string& schedule) {
  return static_cast<std::size_t>(std::count(schedule.begin(), schedule.end(), ' '));
}

}  // namespace

Remembered::Remembered(const CommandLine& line) : directory_(directory_of(line)) {
  if (directory_.empty()) return;
  Corpus corpus = read_corpus(directory_);
  entries_ = std::move(corpus.entries);
  warnings_ = std::move(corpus.problems);
}

Remembered::Replayed Remembered::replay(const Scenario& scenario, const Variant& variant,
                                        const Request& request) {
  Replayed result;
  std::vector<std::string> plain;
  if (request.real_threads) return result;
  for (CorpusEntry& entry : entries_) {
    if (entry.scenario != scenario.name || entry.variant != variant.name) continue;
    if (request.interrupted != nullptr && request.interrupted->load()) break;
    reports::Verdict verdict;
    const bool was_stale = entry.stale;
    const Fate fate = replay_one(entry, scenario, variant, request, verdict);
    const std::string name = name_of(entry);
    if (fate == Fate::fails && !was_stale)
      plain.push_back(fmt::format("corpus: {} still fails", name));
    if (fate == Fate::fails && was_stale)
      result.notes.push_back(fmt::format("corpus: {} fails again", name));
    if (fate == Fate::adapted)
      result.notes.push_back(
          fmt::format("corpus: {} no longer fitted, was adapted, and fails", name));
    if (fate == Fate::stale)
      (was_stale ? plain : result.notes)
          .push_back(
              fmt::format("corpus: {} does not fail any more, nor does it when it is adapted: "
                          "it is stale (harness corpus prune removes such)",
                          name));
    const bool changed = fate == Fate::adapted || (fate == Fate::stale) != was_stale;
    if (const std::string problem = changed ? write_entry(entry) : ""; !problem.empty())
      result.notes.push_back(fmt::format("corpus: {} cannot be written: {}", name, problem));
    if (fate == Fate::stale || verdict.as_expected || result.verdict) continue;
    result.notes.push_back(fmt::format("corpus: this is {}", name));
    result.verdict = std::move(verdict);
  }
  result.worth_saying = result.notes.size();
  result.notes.insert(result.notes.end(), plain.begin(), plain.end());
  return result;
}

Remembered::Fate Remembered::replay_one(CorpusEntry& entry, const Scenario& scenario,
                                        const Variant& variant, const Request& request,
                                        reports::Verdict& verdict) {
  Request one = request;
  one.progress = {};
  one.seed = entry.seed;
  one.max_steps = entry.max_steps;
  one.schedule = entry.schedule;
  entry.stale = false;
  verdict = try_out(scenario, variant, one);
  if (is_violation_of(entry.rule, verdict)) return Fate::fails;
  one.schedule = adapted(entry, scenario, variant, one);
  if (!one.schedule.empty()) verdict = try_out(scenario, variant, one);
  if (!one.schedule.empty() && is_violation_of(entry.rule, verdict)) {
    entry.schedule = one.schedule;
    entry.turns = turns(verdict);
    return Fate::adapted;
  }
  entry.stale = true;
  return Fate::stale;
}

std::string Remembered::keep(const reports::Verdict& verdict, const Request& request) {
  const bool wanted = !directory_.empty() && verdict.mode == "explore" && verdict.violation;
  if (!wanted || verdict.violation->schedule.empty()) return {};
  CorpusEntry entry;
  entry.scenario = verdict.scenario;
  entry.variant = verdict.variant;
  entry.rule = verdict.violation->rule;
  for (const reports::Access& access : verdict.violation->accesses)
    entry.functions.push_back(access.stack.empty() ? "" : access.stack.front().function);
  entry.seed = verdict.seed;
  entry.max_steps = request.max_steps;
  entry.schedule = reports::shortest_schedule(*verdict.violation);
  entry.turns = turns(verdict);
  entry.file = path_of(directory_, entry);
  for (const CorpusEntry& known : entries_)
    if (known.file == entry.file && !known.stale &&
        items_in(known.schedule) <= items_in(entry.schedule))
      return {};
  const std::string problem = write_entry(entry);
  return problem.empty() ? ""
                         : fmt::format("corpus: '{}' cannot be written: {}", entry.file, problem);
}

}  // namespace harness::cli
