#include "harness/explore/stop.hpp"

#include <fmt/format.h>

#include <utility>

#include "harness/engine/errors.hpp"
#include "harness/engine/schedule.hpp"
#include "harness/engine/worker.hpp"
#include "harness/explore/code_places.hpp"
#include "harness/explore/describe.hpp"
#include "harness/explore/function_stops.hpp"
#include "harness/explore/job.hpp"
#include "harness/explore/witness.hpp"
#include "harness/strategies/make.hpp"

extern "C" [[gnu::noinline]] void harness_at_step(const HarnessAtStep* standing) {
  __asm__ volatile("" : : "r"(standing) : "memory");
}

namespace harness {
namespace {

constexpr double as_long_as_a_person_looks = 30.0 * 24 * 3600;

// What the worker leaves for the watching process, behind the history in shared memory.
struct Left {
  bool stopped;
  std::uint32_t first;  // of the recorded events that have not happened yet
  TaskId chosen;
  bool ready[Shared::max_tasks];
};

class StopBefore final : public Strategy {
 public:
  StopBefore(Strategy& inner, Shared& shared, std::uint32_t step, Left& left)
      : inner_(inner), shared_(shared), step_(step), left_(left) {}

  bool begin(std::uint64_t execution) override {
    taken_ = 0;
    return !left_.stopped && inner_.begin(execution);
  }
  std::size_t next(std::span<const Ready> ready, TaskId current) override {
    const std::size_t chosen = inner_.next(ready, current);
    if (++taken_ < step_ || !inner_.diverged().empty()) return chosen;
    leave(ready[chosen].task);
    return abandon;
  }
  void completed() override { inner_.completed(); }
  const std::string& diverged() const override { return inner_.diverged(); }

 private:
  void leave(TaskId chosen) {
    const auto views = shared_.engine->tasks_now();
    std::vector<HarnessTaskAtStep> shown;
    left_.first = shared_.recorded.load();
    left_.chosen = chosen;
    for (const Engine::TaskView& view : views) {
      const Event& event = view.next.event;
      const void* const saved = reinterpret_cast<const void*>(view.stack_pointer);
      shown.push_back({shared_.task_names[event.task], name_of(event.op).data(),
                       reinterpret_cast<const void*>(event.where), view.current ? nullptr : saved,
                       view.ready});
      const std::uint32_t at = shared_.recorded.load();
      if (at >= shared_.max_recorded) break;
      shared_.events[at] = view.next;
      shared_.events[at].event.label = shared_.intern(event.label);
      left_.ready[event.task] = view.ready;
      shared_.recorded.store(at + 1);
    }
    left_.stopped = true;
    const HarnessAtStep standing{step_, static_cast<unsigned>(shown.size()), shown.data()};
    harness_at_step(&standing);
  }

  Strategy& inner_;
  Shared& shared_;
  std::uint32_t step_;
  Left& left_;
  std::uint32_t taken_ = 0;
};

[[noreturn]] void refuse(const Shared& shared, std::uint32_t step) {
  const std::string end = shared.violation.set
                              ? fmt::format("{} is noticed there", shared.violation.rule)
                              : "all tasks have ended then";
  throw UsageError(fmt::format("there is no step {} to stop before: the execution has {} ({})",
                               step, shared.steps.load(), end));
}

Standing standing_of(const Shared& shared, const Left& left) {
  reports::Verdict described;
  describe(recording_of(shared), described);
  Standing standing;
  for (std::size_t i = 0; i < described.trace.size(); ++i) {
    reports::Step& step = described.trace[i];
    if (i < left.first) {
      standing.before.push_back(std::move(step));
      continue;
    }
    const TaskId task = shared.events[i].event.task;
    step.detail.clear();
    standing.tasks.push_back({std::move(step), left.ready[task], task == left.chosen});
  }
  return standing;
}

}  // namespace

Standing stop_before(const Scenario& scenario, const Variant& variant, const Options& options,
                     std::uint32_t step) {
  Schedule schedule = parse_schedule(options.schedule);
  std::vector<std::uint32_t> points = take_points(schedule);
  const SharedBlock shared = make_block(options.max_steps, true);
  const SharedValue<Left> left;
  const auto names = [block = shared.get()](TaskId id) -> std::string_view {
    return id < block->task_count ? std::string_view(block->task_names[id]) : std::string_view();
  };
  Replay replay(schedule, names,
                [block = shared.get()](TaskId id) { return block->engine->blocked_at(id); });
  StopBefore strategy(replay, *shared, step, *left);
  Job job = make_job(scenario, variant, options);
  job.strategy = &strategy;
  job.settings.records = true;
  job.settings.protects = true;
  job.settings.learns_points = false;
  job.settings.function_name = stop_at_functions(schedule);
  job.points = std::move(points);
  job.max_executions = 1;
  job.shows_output = true;
  job.watchdog_seconds = as_long_as_a_person_looks;
  job.divergence = [&strategy] { return strategy.diverged(); };
  const WorkerResult result = run_worker(*shared, job);
  if (left->stopped) return standing_of(*shared, *left);
  if (shared->divergence[0] != 0)
    throw ReplayDiverged(std::string(text_of(shared->divergence, sizeof shared->divergence)));
  if (result.lost == Lost::watchdog)
    throw std::runtime_error(fmt::format("the execution did not come to step {}", step));
  if (result.lost != Lost::no) note_lost_worker(*shared, result);
  refuse(*shared, step);
}

}  // namespace harness
