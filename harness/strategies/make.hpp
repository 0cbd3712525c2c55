// The strategies by name.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/engine/schedule.hpp"
#include "harness/engine/strategy.hpp"

namespace harness {

struct StrategyOptions {
  std::uint64_t seed = 1;
  int preemptions = -1;  // bound on preemptions per execution, -1: none (dfs)
};

// Names for --strategy, sorted.
std::vector<std::string> strategy_names();
// Throws UsageError with the nearest name for an unknown one.
std::unique_ptr<Strategy> make_strategy(std::string_view name, const StrategyOptions& options);

// Follows a schedule for one execution (or for as many as begin() is asked for). Where it does not fit,
// it throws nothing: it notes how, goes on with the first ready task, and tells diverged() afterwards.
class Replay : public Strategy {
 public:
  // Tells the name of a task id in the running execution; "" where there is none (yet).
  using NameOf = std::function<std::string_view(TaskId)>;
  // What the next event of a task is called in messages, where the schedule parted.
  Replay(Schedule schedule, NameOf name_of);
  bool begin(std::uint64_t execution) override;
  std::size_t next(std::span<const Ready> ready, TaskId current) override;
  void end() override;
  // "" if it fitted; else "at step 5 the schedule wants `reader`, which is blocked (lock); ready: reclaimer".
  const std::string& diverged() const;

 private:
  Schedule schedule_;
  NameOf name_of_;
  std::size_t item_ = 0;
  std::uint64_t taken_ = 0;
  std::uint32_t step_ = 0;
  bool names_main_ = false;
  std::string diverged_;
};

// Follows recorded choices exactly; used to confirm a violation in a fresh worker.
std::unique_ptr<Strategy> follow_choices(std::vector<Choice> choices);

}  // namespace harness
