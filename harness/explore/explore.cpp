// explore(): workers until there is an answer, then one more to confirm and record a violation.
#include "harness/explore/explore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <span>

#include "harness/engine/errors.hpp"
#include "harness/engine/nearest.hpp"
#include "harness/engine/schedule.hpp"
#include "harness/engine/worker.hpp"
#include "harness/explore/code_places.hpp"
#include "harness/explore/describe.hpp"
#include "harness/explore/function_stops.hpp"
#include "harness/explore/symbolize.hpp"
#include "harness/strategies/make.hpp"

namespace harness {
namespace {

constexpr std::size_t max_recorded = 200'000;

struct FreeShared {
  void operator()(Shared* shared) const { free_shared_block(shared); }
};
using SharedBlock = std::unique_ptr<Shared, FreeShared>;

SharedBlock make_block(const Options& options, bool records) {
  return SharedBlock(make_shared_block(options.max_steps + 1, records ? max_recorded : 1));
}

std::string_view text_of(const char* text, std::size_t room) { return {text, strnlen(text, room)}; }

std::vector<std::string> task_names(const Shared& shared) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min<std::size_t>(shared.task_count, Shared::max_tasks); ++i)
    names.emplace_back(text_of(shared.task_names[i], Shared::name_bytes));
  return names;
}

// Up to the first that makes no sense: a program may have written over it.
std::vector<Choice> choices_of(const Shared& shared) {
  const auto choices =
      std::span(shared.choices, std::min<std::size_t>(shared.steps.load(), shared.max_choices));
  const auto makes_sense = [&](const Choice& choice) { return choice.task < shared.task_count; };
  return {choices.begin(), std::find_if_not(choices.begin(), choices.end(), makes_sense)};
}

// A label is shown only where it really is one of the strings that the worker left for us.
const char* checked_label(const Shared& shared, const char* label) {
  const bool inside = label >= shared.strings && label < shared.strings + Shared::max_strings;
  return inside ? label : nullptr;
}

Recording recording_of(const Shared& shared) {
  Recording recording;
  const std::size_t count = std::min<std::size_t>(shared.recorded.load(), shared.max_recorded);
  recording.events.assign(shared.events, shared.events + count);
  for (Recorded& recorded : recording.events) {
    recorded.event.label = checked_label(shared, recorded.event.label);
    recorded.depth = std::min<std::uint32_t>(recorded.depth, recorded.stack.size());
  }
  recording.task_names = task_names(shared);
  const SharedViolation& found = shared.violation;
  recording.violation.rule = found.rule;
  recording.violation.message = text_of(found.message, sizeof found.message);
  recording.violation.freed_region = found.freed_region;
  for (std::size_t i = 0; i < std::min<std::size_t>(found.access_count, SharedViolation::max_accesses); ++i) {
    recording.violation.accesses.push_back(found.accesses[i]);
    recording.violation.accesses.back().label = checked_label(shared, found.accesses[i].label);
  }
  return recording;
}

// The worker is gone without a word: what it was doing is still in shared memory.
void note_lost_worker(Shared& shared, const WorkerResult& result) {
  if (shared.violation.set) return;
  const int signal = shared.fault.signal.load() != 0 ? shared.fault.signal.load() : result.signal;
  const std::string what = result.lost == Lost::signal || signal != 0
                               ? fmt::format("the program was killed by signal {} ({})", signal, strsignal(signal))
                               : fmt::format("the program ended its process with status {}", result.status);
  shared.set_violation({"crash", what, {}, false});
  shared.violating_steps = shared.steps.load();
  shared.violating_execution = shared.executions.load();
}

class Exploration {
 public:
  Exploration(const Scenario& scenario, const Variant& variant, const Options& options)
      : scenario_(scenario), variant_(variant), options_(options), started_(Clock::now()) {
    verdict_.scenario = scenario.name;
    verdict_.variant = variant.name;
    verdict_.expected = variant.expected;
    verdict_.seed = options.seed;
    verdict_.bounds.max_steps = options.max_steps;
    verdict_.bounds.plain_accesses = options.plain_accesses;
  }

  reports::Verdict run() {
    if (options_.schedule.empty())
      search();
    else
      replay();
    const bool passes = variant_.expected == "pass";
    verdict_.as_expected = passes ? verdict_.outcome == "pass"
                                  : verdict_.violation && verdict_.violation->rule == variant_.expected;
    return std::move(verdict_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  double seconds() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }

  DataRaces data_races() const {
    if (options_.data_races == "off") return DataRaces::off;
    if (options_.data_races == "learn") return DataRaces::learn;
    const bool another_rule = variant_.expected != "pass" && variant_.expected != "data-race";
    return options_.data_races == "auto" && another_rule ? DataRaces::learn : DataRaces::report;
  }

  // As text, with the plain accesses that count as steps.
  std::string text_of_choices(std::span<const Choice> choices, std::span<const std::string> names,
                              const SharedPoints& points, std::uint32_t in_force) const {
    Schedule schedule = as_items(points, in_force);
    const Schedule steps = from_choices(choices, names);
    schedule.insert(schedule.end(), steps.begin(), steps.end());
    return to_text(schedule);
  }

  static void copy_points(const Shared& from, SharedPoints& to) {
    to.places = from.points.places;
    to.count.store(from.points_in_force);
  }

  Job job_for(Strategy& strategy) const {
    Job job;
    job.scenario = &scenario_;
    job.variant = variant_.name;
    job.strategy = &strategy;
    job.settings.seed = options_.seed;
    job.settings.max_steps = options_.max_steps;
    job.settings.data_races = data_races();
    job.settings.all_plain_points = options_.plain_accesses == "all";
    job.settings.learns_points = options_.plain_accesses == "racy";
    job.watchdog_seconds = options_.watchdog_seconds;
    job.interrupted = options_.interrupted;
    return job;
  }

  void search() {
    verdict_.mode = "explore";
    verdict_.strategy = options_.strategy;
    verdict_.bounds.preemptions = options_.preemptions;
    SharedBlock shared = make_block(options_, false);
    const auto points_of_first = std::make_unique<SharedPoints>();
    std::uint64_t violations = 0;
    std::vector<Choice> first;
    std::vector<Choice> last;
    for (bool go_on = true; go_on;) {
      const auto strategy = make_strategy(options_.strategy, {options_.seed, options_.preemptions});
      if (shared->executions.load() != 0) {
        strategy->recall(shared->strategy_memory.load());
        strategy->resume(shared->executions.load(), last);
      }
      const WorkerEnd end = run_one_worker(*shared, *strategy);
      if (end != WorkerEnd::violated) break;
      last = choices_of(*shared);
      if (violations++ == 0) {
        first = last;
        note_violation(*shared);
        copy_points(*shared, *points_of_first);
      }
      go_on = options_.keep_going && !is_over(*shared);
      if (go_on) shared->violation.set = false;
    }
    conclude(*shared, violations);
    if (violations != 0) confirm(first, *points_of_first);
    if (options_.keep_going) verdict_.counters["violations"] = violations;
  }

  WorkerEnd run_one_worker(Shared& shared, Strategy& strategy) {
    Job job = job_for(strategy);
    job.max_executions = options_.executions;
    job.seconds = options_.seconds > 0 ? std::max(0.001, options_.seconds - seconds()) : 0;
    if (options_.progress)
      job.tick = [this, &shared] { options_.progress({shared.executions.load(), seconds()}); };
    job.divergence = [&strategy] { return strategy.diverged(); };
    const WorkerResult result = run_worker(shared, job);
    if (result.lost == Lost::watchdog) {
      note_stall(shared);
      return WorkerEnd::cut_off;
    }
    if (result.lost == Lost::no) return shared.end.load();
    note_lost_worker(shared, result);
    shared.executions.fetch_add(1);
    return WorkerEnd::violated;
  }

  bool is_over(const Shared& shared) const {
    const bool executions = options_.executions != 0 && shared.executions.load() >= options_.executions;
    const bool time = options_.seconds > 0 && seconds() >= options_.seconds;
    return executions || time || interrupted();
  }

  bool interrupted() const { return options_.interrupted != nullptr && options_.interrupted->load(); }

  void conclude(const Shared& shared, std::uint64_t violations) {
    verdict_.executions = shared.executions.load();
    verdict_.distinct = shared.distinct.load();
    verdict_.steps = shared.longest.load();
    note_uncontrolled(shared);
    const std::uint64_t cut_off = shared.cut_off.load();
    verdict_.exhaustive = shared.exhausted.load() && violations == 0 && cut_off == 0;
    if (violations != 0) {
      verdict_.outcome = "violation";
    } else if (shared.end.load() == WorkerEnd::failed) {
      verdict_.outcome = "error";
      verdict_.reason = shared.error[0] != 0 ? text_of(shared.error, sizeof shared.error)
                                             : text_of(shared.divergence, sizeof shared.divergence);
      if (shared.steps.load() != 0)
        verdict_.reason += ". Schedule so far: " + to_text(from_choices(choices_of(shared), task_names(shared)));
    } else if (!stall_.empty()) {
      verdict_.outcome = "inconclusive";
      verdict_.reason = stall_;
    } else if (interrupted()) {
      verdict_.outcome = "inconclusive";
      verdict_.reason = "interrupted";
    } else if (cut_off != 0) {
      verdict_.outcome = "inconclusive";
      verdict_.reason = fmt::format("{} of {} executions were cut off at {} steps (--max-steps)", cut_off,
                                    verdict_.executions, options_.max_steps);
    } else {
      verdict_.outcome = "pass";
    }
  }

  void note_uncontrolled(const Shared& shared) {
    std::string_view lines = text_of(shared.uncontrolled, sizeof shared.uncontrolled);
    while (!lines.empty()) {
      const std::size_t end = lines.find('\n');
      verdict_.uncontrolled.emplace_back(lines.substr(0, end));
      lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    }
  }

  // Where the watchdog found the program.
  void note_stall(const Shared& shared) {
    stall_ = fmt::format("an execution made no step for {} s", options_.watchdog_seconds);
    if (!shared.is_stalled.load()) return;
    const auto names = task_names(shared);
    const TaskId task = shared.stalled.event.task;
    stall_ += fmt::format("; {} is in", task < names.size() ? names[task] : "a task");
    const std::uint32_t depth = std::min<std::uint32_t>(shared.stalled.depth, shared.stalled.stack.size());
    for (std::uint32_t i = 0; i < std::min(depth, 3u); ++i) {
      const reports::Frame frame = frames_at(shared.stalled.stack[i]).front();
      if (i > 0 && frame.module.starts_with("libharness_runtime")) break;
      stall_ += fmt::format("{} {}{}", i == 0 ? "" : ", called from",
                            frame.function.empty() ? frame.module : frame.function,
                            frame.file.empty() ? "" : fmt::format(" ({}:{})", frame.file, frame.line));
    }
  }

  // The violation as the searching worker saw it, in case it cannot be repeated.
  void note_violation(const Shared& shared) {
    names_ = task_names(shared);
    Recording recording = recording_of(shared);
    recording.events.clear();
    describe(recording, verdict_);
    verdict_.freed_region_in_use = shared.violation.freed_region;
  }

  // Once more in a fresh worker, with full history.
  void confirm(std::vector<Choice> choices, const SharedPoints& points) {
    const std::string schedule = text_of_choices(choices, names_, points, points.count.load());
    SharedBlock shared = make_block(options_, true);
    shared->points.places = points.places;
    shared->points.count.store(points.count.load());
    const auto strategy = follow_choices(std::move(choices));
    Job job = job_for(*strategy);
    job.interrupted = nullptr;
    job.max_executions = 1;
    job.settings.records = true;
    job.settings.protects = true;
    job.settings.learns_points = false;
    const WorkerResult result = run_worker(*shared, job);
    if (result.lost != Lost::no && result.lost != Lost::watchdog) note_lost_worker(*shared, result);
    if (shared->violation.set) {
      verdict_.trace.clear();
      Recording recording = recording_of(*shared);
      describe(recording, verdict_);
      verdict_.freed_region_in_use = shared->violation.freed_region;
    } else {
      verdict_.reason = "the violation did not happen again when its schedule was replayed: the program "
                        "depends on something that is not controlled";
    }
    if (verdict_.violation) verdict_.violation->schedule = schedule;
  }

  void replay() {
    verdict_.mode = "replay";
    verdict_.strategy = "replay";
    Schedule schedule = parse_schedule(options_.schedule);
    SharedBlock shared = make_block(options_, true);
    take_places(schedule, shared->points);
    const auto name_of = [block = shared.get()](TaskId id) -> std::string_view {
      return id < block->task_count ? std::string_view(block->task_names[id]) : std::string_view();
    };
    const auto blocked_at = [block = shared.get()](TaskId id) { return block->engine->blocked_at(id); };
    Replay strategy(schedule, name_of, blocked_at);
    Job job = job_for(strategy);
    job.max_executions = 1;
    job.settings.records = true;
    job.settings.protects = true;
    job.settings.learns_points = false;
    job.settings.function_name = stop_at_functions(schedule);
    job.shows_output = true;
    job.divergence = [&strategy] { return strategy.diverged(); };
    const WorkerResult result = run_worker(*shared, job);
    if (result.lost == Lost::watchdog) note_stall(*shared);
    if (result.lost == Lost::signal || result.lost == Lost::exited) {
      note_lost_worker(*shared, result);
      shared->executions.store(1);
    }
    if (shared->divergence[0] != 0)
      throw ReplayDiverged(std::string(text_of(shared->divergence, sizeof shared->divergence)));
    conclude(*shared, shared->violation.set ? 1 : 0);
    verdict_.exhaustive = false;
    if (!shared->violation.set) return;
    describe(recording_of(*shared), verdict_);
    verdict_.freed_region_in_use = shared->violation.freed_region;
    verdict_.violation->schedule = job.settings.function_name != nullptr
                                       ? options_.schedule
                                       : text_of_choices(choices_of(*shared), task_names(*shared),
                                                         shared->points, shared->points.count.load());
  }

  const Scenario& scenario_;
  const Variant& variant_;
  const Options& options_;
  Clock::time_point started_;
  reports::Verdict verdict_;
  std::vector<std::string> names_;
  std::string stall_;
};

}  // namespace

std::vector<std::string> data_races_words() { return {"auto", "learn", "off", "report"}; }
std::vector<std::string> plain_accesses_words() { return {"all", "none", "racy"}; }

namespace {
void check_word(std::string_view what, const std::string& word, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), word) == known.end())
    throw UsageError(unknown(what, word, known));
}
}  // namespace

reports::Verdict explore(const Scenario& scenario, const Variant& variant, const Options& options) {
  check_word("way to treat data races", options.data_races, data_races_words());
  check_word("set of plain accesses", options.plain_accesses, plain_accesses_words());
  return Exploration(scenario, variant, options).run();
}

}  // namespace harness
