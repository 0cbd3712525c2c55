// explore(): workers until there is an answer, then one more to confirm and record a violation.
#include "harness/explore/explore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <span>

#include "harness/engine/errors.hpp"
#include "harness/engine/schedule.hpp"
#include "harness/engine/worker.hpp"
#include "harness/explore/code_places.hpp"
#include "harness/explore/confirm.hpp"
#include "harness/explore/describe.hpp"
#include "harness/explore/function_stops.hpp"
#include "harness/explore/job.hpp"
#include "harness/explore/symbolize.hpp"
#include "harness/explore/witness.hpp"
#include "harness/strategies/make.hpp"

namespace harness {
namespace {

class Exploration {
 public:
  Exploration(const Scenario& scenario, const Variant& variant, const Options& options)
      : scenario_(scenario), variant_(variant), options_(options), started_(Clock::now()) {
    verdict_.scenario = scenario.name;
    verdict_.variant = variant.name;
    verdict_.expected = variant.expected;
    verdict_.seed = options.seed;
    verdict_.bounds.max_steps = options.max_steps;
    verdict_.bounds.leaks = options.leaks;
    verdict_.bounds.spurious_wakeups = options.spurious_wakeups;
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

  void search() {
    verdict_.mode = "explore";
    verdict_.strategy = options_.strategy;
    SharedBlock shared = make_block(options_.max_steps, false);
    std::uint64_t violations = 0;
    std::vector<Choice> first;
    std::vector<std::uint32_t> points_of_first;
    std::vector<Choice> last;
    for (bool go_on = true; go_on;) {
      const auto strategy = make_strategy(
          options_.strategy, {options_.seed, options_.preemptions, options_.depth, options_.part, options_.parts});
      if (shared->executions.load() != 0) {
        strategy->recall(shared->strategy_memory.load());
        strategy->resume(shared->executions.load(), last);
      } else {
        shared->bound = strategy->bound();
      }
      const WorkerEnd end = run_one_worker(*shared, *strategy);
      if (end != WorkerEnd::violated) break;
      last = choices_of(*shared);
      if (violations++ == 0) {
        first = last;
        note_violation(*shared);
        points_of_first = points_in_force(*shared);
      }
      go_on = options_.keep_going && !is_over(*shared);
      if (go_on) shared->violation.set = false;
    }
    conclude(*shared, violations);
    if (violations != 0) {
      Job job = make_job(scenario_, variant_, options_);
      job.points = std::move(points_of_first);
      verdict_.violation->schedule = schedule_text(first, names_, job.points);
      confirm(job, first, options_.shrink_seconds, verdict_);
    }
    if (options_.keep_going) verdict_.counters["violations"] = violations;
  }

  WorkerEnd run_one_worker(Shared& shared, Strategy& strategy) {
    Job job = make_job(scenario_, variant_, options_);
    job.strategy = &strategy;
    job.max_executions = options_.executions;
    job.seconds = options_.seconds > 0 ? std::max(0.001, options_.seconds - seconds()) : 0;
    if (options_.progress)
      job.tick = [this, &shared] { options_.progress(progress(shared)); };
    job.divergence = [&strategy] { return strategy.diverged(); };
    const WorkerResult result = run_worker(shared, job);
    shared.interleavings.settle();
    shared.orders.settle();
    if (result.lost == Lost::watchdog) {
      note_stall(shared);
      return WorkerEnd::cut_off;
    }
    if (result.lost == Lost::no) return shared.end.load();
    note_lost_worker(shared, result);
    shared.executions.fetch_add(1);
    return WorkerEnd::violated;
  }

  Progress progress(const Shared& shared) const {
    return {shared.executions.load(), seconds(), shared.orders.count.load(), shared.leaves.load()};
  }

  bool is_over(const Shared& shared) const {
    const bool executions = options_.executions != 0 && shared.executions.load() >= options_.executions;
    const bool time = options_.seconds > 0 && seconds() >= options_.seconds;
    return executions || time || interrupted();
  }

  bool interrupted() const { return options_.interrupted != nullptr && options_.interrupted->load(); }

  void conclude(const Shared& shared, std::uint64_t violations) {
    verdict_.executions = shared.executions.load();
    verdict_.distinct = shared.interleavings.count.load();
    verdict_.orders = shared.orders.count.load();
    verdict_.orders_once = shared.orders.once.load();
    verdict_.bounds.preemptions = shared.bound.load();
    verdict_.steps = shared.longest.load();
    note_uncontrolled(shared);
    verdict_.warnings = warnings_of(shared);
    const std::uint64_t cut_off = shared.cut_off.load();
    verdict_.exhaustive = shared.exhausted.load() && violations == 0 && cut_off == 0;
    if (options_.parts > 1) note_part();
    if (options_.strategy == "pct" && violations == 0) note_pct(shared);
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

  // What its bound depends on: tasks, and choices, which it remembers (the most of the last block of
  // executions, and of the one before).
  void note_pct(const Shared& shared) {
    const std::uint64_t memory = shared.strategy_memory.load();
    verdict_.counters["pct-tasks"] = shared.task_count;
    verdict_.counters["pct-choices"] = std::max(memory >> 32, memory & 0xffffffff);
    verdict_.counters["pct-depth"] = static_cast<std::uint64_t>(options_.depth);
  }

  // One part of a search says nothing of the others.
  void note_part() {
    verdict_.counters["part"] = options_.part + 1;
    verdict_.counters["parts"] = options_.parts;
    verdict_.counters["part-exhausted"] = verdict_.exhaustive ? 1 : 0;
    verdict_.exhaustive = false;
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

  void replay() {
    verdict_.mode = "replay";
    verdict_.strategy = "replay";
    Schedule schedule = parse_schedule(options_.schedule);
    std::vector<std::uint32_t> points = take_points(schedule);
    SharedBlock shared = make_block(options_.max_steps, true);
    const auto name_of = [block = shared.get()](TaskId id) -> std::string_view {
      return id < block->task_count ? std::string_view(block->task_names[id]) : std::string_view();
    };
    const auto blocked_at = [block = shared.get()](TaskId id) { return block->engine->blocked_at(id); };
    Replay strategy(schedule, name_of, blocked_at);
    Job job = make_job(scenario_, variant_, options_);
    job.strategy = &strategy;
    job.max_executions = 1;
    job.settings.records = true;
    job.settings.protects = true;
    job.settings.learns_points = false;
    job.points = std::move(points);
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
                                       : schedule_text(choices_of(*shared), task_names(*shared), job.points);
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

reports::Verdict explore(const Scenario& scenario, const Variant& variant, const Options& options) {
  return Exploration(scenario, variant, options).run();
}

}  // namespace harness
