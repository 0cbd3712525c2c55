#include "harness/strategies/stops.hpp"

#include "harness/strategies/ready.hpp"

namespace harness {
namespace {

class FollowStops final : public Strategy {
 public:
  explicit FollowStops(std::vector<Stops> candidates) : candidates_(std::move(candidates)) {}

  bool begin(std::uint64_t execution) override {
    if (execution >= candidates_.size()) return false;
    now_ = &candidates_[execution];
    at_ = 0;
    progress_.clear();
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId current) override {
    for (; at_ < now_->stops.size(); ++at_) {
      const Stop& stop = now_->stops[at_];
      if (progress_of(stop.task) >= stop.upto) continue;
      const std::size_t found = entry_of(stop.task, ready);
      if (found < ready.size()) return taken(ready, found);
    }
    const TaskId task = ready[without_preemption(ready, current)].task;
    return taken(ready, entry_of(task, ready));
  }

 private:
  std::uint32_t& progress_of(TaskId task) {
    if (task >= progress_.size()) progress_.resize(std::size_t{task} + 1);
    return progress_[task];
  }

  // Its entry with the alternative that is asked for, else its first one; ready.size(): none.
  std::size_t entry_of(TaskId task, std::span<const Ready> ready) {
    const auto wanted = now_->alternatives.find({task, progress_of(task)});
    std::size_t found = ready.size();
    for (std::size_t i = ready.size(); i-- > 0;) {
      if (ready[i].task != task) continue;
      found = i;
      if (wanted != now_->alternatives.end() && ready[i].event.alternative == wanted->second) break;
    }
    return found;
  }

  std::size_t taken(std::span<const Ready> ready, std::size_t index) {
    ++progress_of(ready[index].task);
    return index;
  }

  std::vector<Stops> candidates_;
  const Stops* now_ = nullptr;
  std::size_t at_ = 0;
  std::vector<std::uint32_t> progress_;  // steps taken, by task
};

}  // namespace

Stops to_stops(std::span<const Choice> choices) {
  Stops result;
  std::vector<std::uint32_t> progress;
  for (const Choice& choice : choices) {
    if (choice.task >= progress.size()) progress.resize(std::size_t{choice.task} + 1);
    if (choice.alternative != 0)
      result.alternatives[{choice.task, progress[choice.task]}] = choice.alternative;
    ++progress[choice.task];
    if (result.stops.empty() || result.stops.back().task != choice.task)
      result.stops.push_back({choice.task, 0});
    result.stops.back().upto = progress[choice.task];
  }
  return result;
}

std::unique_ptr<Strategy> follow_stops(std::vector<Stops> candidates) {
  return std::make_unique<FollowStops>(std::move(candidates));
}

}  // namespace harness
