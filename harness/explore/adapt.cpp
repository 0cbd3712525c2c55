#include "harness/explore/adapt.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "harness/engine/schedule.hpp"
#include "harness/explore/code_places.hpp"
#include "harness/explore/job.hpp"
#include "harness/explore/symbolize.hpp"
#include "harness/explore/witness.hpp"
#include "harness/strategies/ready.hpp"

namespace harness {
namespace {

using Place = std::tuple<std::string, std::string, std::string>;  // task, op, place

std::string function_of(const std::vector<reports::Frame>& stack) {
  return stack.empty() ? "" : stack.front().function;
}

Place place_of(const reports::Step& step) {
  return {step.task, step.op, step.label.empty() ? function_of(step.stack) : step.label};
}

class FollowTurns final : public Strategy {
 public:
  FollowTurns(const std::vector<Turn>& turns, const Shared& shared)
      : turns_(turns), shared_(shared) {}

  bool begin(std::uint64_t) override {
    at_ = 0;
    passed_.clear();
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId current) override {
    const auto places = places_now();
    for (; at_ < turns_.size(); ++at_) {
      const Turn& turn = turns_[at_];
      const auto entry = std::find_if(ready.begin(), ready.end(), [&](const Ready& one) {
        return shared_.task_names[one.task] == turn.task;
      });
      if (entry == ready.end()) continue;
      const Place& place = places.at(entry->task);
      const bool is_there = !turn.op.empty() && place == Place{turn.task, turn.op, turn.place} &&
                            passed_[place] >= turn.occurrence;
      if (!is_there) return taken(ready, static_cast<std::size_t>(entry - ready.begin()), places);
    }
    return taken(ready, without_preemption(ready, current), places);
  }

 private:
  std::map<TaskId, Place> places_now() const {
    std::map<TaskId, Place> places;
    for (const Engine::TaskView& view : shared_.engine->tasks_now()) {
      const Event& event = view.next.event;
      std::vector<std::uintptr_t> stack(view.next.stack.begin(),
                                        view.next.stack.begin() + view.next.depth);
      std::erase(stack, 0);
      places[event.task] = {
          shared_.task_names[event.task], std::string(name_of(event.op)),
          event.label != nullptr ? event.label : function_of(user_stack(stack, 1))};
    }
    return places;
  }

  std::size_t taken(std::span<const Ready> ready, std::size_t index,
                    const std::map<TaskId, Place>& places) {
    ++passed_[places.at(ready[index].task)];
    return index;
  }

  const std::vector<Turn>& turns_;
  const Shared& shared_;
  std::size_t at_ = 0;
  std::map<Place, std::uint32_t> passed_;
};

// The first row of each step: those after it happened in the midst of it.
std::vector<const reports::Step*> steps_of(const std::vector<reports::Step>& trace) {
  std::vector<const reports::Step*> steps;
  for (const reports::Step& step : trace)
    if (step.number > (steps.empty() ? 0 : steps.back()->number)) steps.push_back(&step);
  return steps;
}

// The event before which the run that ends with steps[last] stopped its task.
Turn turn_of(const std::vector<const reports::Step*>& steps, std::size_t last) {
  Turn turn{steps[last]->task, "", "", 0};
  const auto next =
      std::find_if(steps.begin() + static_cast<std::ptrdiff_t>(last) + 1, steps.end(),
                   [&](const reports::Step* step) { return step->task == turn.task; });
  if (next == steps.end()) return turn;
  const Place place = place_of(**next);
  std::tie(std::ignore, turn.op, turn.place) = place;
  turn.occurrence = static_cast<std::uint32_t>(std::count_if(
      steps.begin(), next, [&](const reports::Step* step) { return place_of(*step) == place; }));
  return turn;
}

}  // namespace

std::vector<Turn> turns_of(const reports::Verdict& verdict) {
  std::vector<Turn> turns;
  const auto steps = steps_of(verdict.trace);
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (i + 1 == steps.size() || steps[i + 1]->task != steps[i]->task)
      turns.push_back(turn_of(steps, i));
  return turns;
}

std::string adapt(const Scenario& scenario, const Variant& variant, const Options& options,
                  const std::vector<Turn>& turns, const std::string& rule) {
  const SharedBlock shared = make_block(options.max_steps, false);
  FollowTurns strategy(turns, *shared);
  Job job = make_job(scenario, variant, options);
  job.strategy = &strategy;
  job.settings.protects = true;
  job.max_executions = 1;
  const WorkerResult result = run_worker(*shared, job);
  if (result.lost == Lost::signal || result.lost == Lost::exited) note_lost_worker(*shared, result);
  if (!shared->violation.set || shared->violation.rule != rule) return {};
  return schedule_text(choices_of(*shared), task_names(*shared), points_in_force(*shared));
}

}  // namespace harness
