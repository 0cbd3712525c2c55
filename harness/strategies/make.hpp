// The strategies by name, and the two that follow what is written down.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/engine/schedule.hpp"
#include "harness/engine/strategy.hpp"
#include "harness/strategies/draws.hpp"
#include "harness/strategies/ready.hpp"

namespace harness {

struct StrategyOptions {
  std::uint64_t seed = 1;
  int preemptions = -1;  // bound on preemptions per execution, -1: none (dfs, preemptions)
  int depth = 0;         // of the bugs to look for, 1 to max_depth; 0: 1 to 5 in turn (pct)
  std::uint64_t part = 0;  // of a search that is divided: this one's number, from 0,
  std::uint64_t parts = 1;  // and how many there are

  static constexpr int max_depth = 100;
  Stream stream() const { return {seed, part, parts}; }
};

// Names for --strategy, sorted.
std::vector<std::string> strategy_names();
// Throws UsageError with the nearest name for an unknown one, and where an option does not fit it.
std::unique_ptr<Strategy> make_strategy(std::string_view name, const StrategyOptions& options);

// Follows a schedule for one execution (or for as many as begin() is asked for). Where it does not
// fit, it throws nothing: it notes how, goes on as after the last item, and tells diverged()
// afterwards: "at step 5 the schedule wants 'reader' (column 1), which is blocked (lock); ready:
// reclaimer (store)".
class Replay : public Strategy {
 public:
  using NameOf = TaskNames;
  // At which op a task that is not ready is blocked; Op::end where it has ended. For messages only,
  // and may be left out: they are less exact then.
  using BlockedAt = std::function<Op(TaskId)>;
  Replay(Schedule schedule, NameOf name_of, BlockedAt blocked_at = {});
  bool begin(std::uint64_t execution) override;
  std::size_t next(std::span<const Ready> ready, TaskId current) override;
  // An execution that came to its end before the text did, did not fit. One that was stopped by a
  // violation or a limit did.
  void completed() override;
  const std::string& diverged() const override { return diverged_; }

 private:
  // What is known of a task, to say why it cannot run.
  struct Seen {
    std::uint32_t ready_at = 0;  // step at which it last was ready, and with which op
    std::uint32_t ran_at = 0;    // step at which it last ran, and what
    Op pending = Op::start;
    Op ran = Op::start;
  };
  struct Entries {  // of one task, in `ready`
    std::size_t first;
    std::size_t last;
    bool empty() const { return first == last; }
  };

  std::size_t choose(std::span<const Ready> ready, TaskId current);
  std::size_t take(const ScheduleItem& item, std::span<const Ready> ready, Entries entries);
  Entries entries_of(std::string_view task, std::span<const Ready> ready) const;
  bool arrived(const ScheduleItem& item, const Event& pending) const;
  bool stopped_there_before() const;
  void go_on();
  void remember(std::span<const Ready> ready, std::size_t chosen);
  Seen& seen(TaskId task);
  TaskId id_of(std::string_view task) const;
  bool has_ended(TaskId task) const;

  void diverge(const ScheduleItem& item, std::string_view what, std::span<const Ready> ready);
  void diverge_at_end(const ScheduleItem& item);
  std::string why_not_ready(const ScheduleItem& item) const;
  std::string how_far(const ScheduleItem& item) const;
  std::string does_not_exist(std::string_view task) const;
  std::string which_alternatives(std::span<const Ready> offered) const;

  Schedule schedule_;
  NameOf name_of_;
  BlockedAt blocked_at_;
  bool names_main_ = false;
  std::size_t item_ = 0;
  std::uint64_t taken_ = 0;              // steps of the item
  std::uint32_t step_ = 0;               // the one that is being chosen, from 1
  bool main_helps_ = false;              // it was asked to go on until it blocks
  std::vector<Seen> seen_;               // by task
  std::vector<std::string> on_its_way_;  // points that the item's task came by
  std::string diverged_;
};

// Follows recorded choices exactly, and then goes on without preemption; used to confirm a
// violation in a fresh worker. Without names, messages number the tasks.
std::unique_ptr<Strategy> follow_choices(std::vector<Choice> choices, TaskNames name_of = {});

}  // namespace harness
