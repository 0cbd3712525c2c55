// The strategy that repeats recorded choices one by one.
#include <fmt/format.h>

#include <utility>

#include "harness/strategies/make.hpp"

namespace harness {
namespace {

class FollowChoices final : public Strategy {
 public:
  FollowChoices(std::vector<Choice> choices, TaskNames name_of)
      : choices_(std::move(choices)), name_of_(std::move(name_of)) {}

  bool begin(std::uint64_t /*execution*/) override {
    taken_ = 0;
    diverged_.clear();
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId current) override {
    if (taken_ == choices_.size() || !diverged_.empty()) return without_preemption(ready, current);
    const Choice choice = choices_[taken_++];
    for (std::size_t i = 0; i < ready.size(); ++i)
      if (ready[i].task == choice.task && ready[i].event.alternative == choice.alternative)
        return i;
    diverged_ =
        fmt::format("at step {} of {} recorded ones {} should take alternative {}; ready: {}",
                    taken_, choices_.size(), task_text(choice.task, name_of_), choice.alternative,
                    ready_text(ready, name_of_));
    return without_preemption(ready, current);
  }

  const std::string& diverged() const override { return diverged_; }

 private:
  std::vector<Choice> choices_;
  TaskNames name_of_;
  std::size_t taken_ = 0;
  std::string diverged_;
};

}  // namespace

std::unique_ptr<Strategy> follow_choices(std::vector<Choice> choices, TaskNames name_of) {
  return std::make_unique<FollowChoices>(std::move(choices), std::move(name_of));
}

}  // namespace harness
