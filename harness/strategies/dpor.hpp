// dpor: executes one interleaving of each Mazurkiewicz trace, that is of each set of interleavings
// that differ only in the order of events that commute. Optimal dynamic partial-order reduction
// with source sets and wakeup trees (Abdulla, Aronis, Jonsson, Sagonas, "Source sets: a foundation
// for optimal dynamic partial order reduction", J. ACM 64(4), 2017).
//
// After every execution each race in it (see dpor_trace.hpp) is turned round: the steps up to its
// first event, then all that did not need that event, then the second one. Where that beginning is
// not part of what has been explored, or will be, it is put into the wakeup tree of the step. No
// execution is begun twice, and none is begun that turns out to be known.
//
// Where it differs from the paper:
// - Not only processes choose: an event may have several outcomes (`alternative`). Each is a
//   transition of its own; outcomes of one event do not commute.
// - A choice in the middle of a step belongs to that step; what the step touches is known after it.
// - The events of a task that is the only one left are no steps of the engine. They are part of the
//   trace all the same, since they may be in races with what others did before they ended.
// - Events that may have to wait (locks, semaphores, joins) are in a race with the last event
//   without which they could have happened, so that a lock races with the lock before it and not
//   with the unlock; and what a task waits for at the end of an execution is in races as well.
// - Whether a compare-and-swap or an attempt to lock would fail after a race was turned round is
//   computed from what is recorded, since one that fails is only a look.
// - With a bound on preemptions all is explored, and executions count whose trace has an
//   interleaving within the bound (see dpor_bound.hpp): nothing within it is missed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/engine/strategy.hpp"
#include "harness/strategies/dfs.hpp"
#include "harness/strategies/dpor_bound.hpp"
#include "harness/strategies/dpor_trace.hpp"
#include "harness/strategies/dpor_tree.hpp"

namespace harness {

class Dpor final : public Strategy {
 public:
  // A bound of -1 is none.
  explicit Dpor(int preemptions) : bound_(preemptions) {}

  bool begin(std::uint64_t execution) override;
  std::size_t next(std::span<const Ready> ready, TaskId current) override;
  Ops watches() const override;
  void executed(const Event& event) override;
  void blocked(const Event& event) override;
  bool counts() const override { return counts_; }
  void completed() override { completed_ = true; }
  void end() override;
  // The trees are lost with a worker. The next one executes all interleavings instead, depth first;
  // so that what it begins with has been seen before.
  void resume(std::uint64_t executions, std::span<const Choice> path) override;
  std::uint64_t memory() const override { return rest_ ? 1 : 0; }
  void recall(std::uint64_t memory) override { rest_was_begun_ = memory != 0; }
  void reconsider() override { *this = Dpor(bound_); }
  int bound() const override { return bound_; }
  bool exhausted() const override {
    return rest_ ? rest_->exhausted() : done_ && diverged_.empty() && !incomplete_;
  }
  const std::string& diverged() const override { return rest_ ? rest_->diverged() : diverged_; }

  struct Counts {
    std::uint64_t completed = 0;
    std::uint64_t blocked = 0;       // stuck, cut off, or waiting in a loop for ever
    std::uint64_t redundant = 0;     // given up because what they led to was known
    std::uint64_t beyond_bound = 0;  // of the completed ones
  };
  const Counts& tally() const { return tally_; }

 private:
  using Position = Trace::Position;
  using Word = Trace::Word;
  static constexpr Position nowhere = Trace::none;

  struct Node {
    std::uint64_t ready_hash;
    std::uint32_t index;  // of the choice, in the ready list; nowhere: not looked up yet
    Choice choice;
    Op op;
    bool inside;                // a choice in the middle of the step before
    bool alone;                 // no step: nobody was asked, see note_alone()
    WakeupTrees::Id branches;   // to be explored from here, after the choice
    std::uint32_t sleep_begin;  // in sleep_: what need not be explored from here
    std::uint32_t sleep_end;
  };
  // What is known of a task in this execution, by id.
  struct Pending {
    Position seen = nowhere;  // the last step at which it was ready
    Op op = Op::start;        // what it was ready for
    std::uintptr_t object = 0;
    std::uint32_t alternative = 0;  // the first that was ready
    bool has_run = false;
    bool noticed = false;  // ready or blocked since it ran
    Op last = Op::start;   // its last step
    bool is_blocked = false;
    Event blocked;
    Position after = nowhere;  // see Trace::Step
    Position made_possible = nowhere;
  };
  // What could have happened instead of the step `by`, and cannot after it.
  struct Disabled {
    Position by;
    Trace::Step step;
  };
  enum class Match { no, first, apart };

  // dpor.cpp: walking
  static std::uint64_t hash_of(std::span<const Ready> ready);
  static bool is(const Ready& entry, Choice choice) {
    return entry.task == choice.task && entry.event.alternative == choice.alternative;
  }
  bool is_inside(std::span<const Ready> ready, TaskId current) const;
  void note_ready(std::span<const Ready> ready);
  void note_first(const Ready& entry, Position cause);
  static bool is_new(const Pending& known, const Event& event);
  void note_disabled(std::span<const Ready> ready);
  Pending& pending(TaskId task);
  void settle();
  void push_node(std::uint64_t hash, bool inside);
  void note_alone(const Event& event);
  void step_alone(const Event& event);
  std::size_t choose(std::span<const Ready> ready, TaskId current) const;
  std::size_t look_up(std::span<const Ready> ready, Node& node);
  bool asleep(const Node& node, TaskId task, std::uint32_t alternative) const;
  void note_alternatives(std::span<const Ready> ready, const Node& node);
  std::size_t take(std::span<const Ready> ready, std::size_t index);
  std::size_t give_up(std::uint64_t& count);
  bool to_next_branch();
  void note(std::span<const Ready> ready, const Node& node);
  void note_other_alone(const Event& event);
  void note_early_end();

  // dpor_races.cpp: what is left to explore
  void turn_races();
  void turn_races_of(Position second);
  const Word* apart_from(Position first);
  void turn(Position first, Position second);
  Match match(const Act& act, const Word* beginning, Position last, const Act& last_act);
  bool is_known(const Node& node, const Word* beginning, Position last, const Act& last_act);
  void plan(Node& node, Word* beginning, Position last, const Act& last_act);

  int bound_;
  std::unique_ptr<Dfs> rest_;  // after a worker was lost
  bool rest_was_begun_ = false;
  Trace trace_;
  WakeupTrees trees_;
  std::vector<Node> path_;  // of the execution that runs, or ran last
  std::vector<Act> sleep_;
  std::vector<Trace::Step> open_;  // steps taken that are not in the trace yet
  bool awaiting_ = false;          // executed() of the last step
  TaskId only_ = no_task;          // the one that was ready at the last choice, if it was one
  Position alone_ = 0;             // events of a task that was alone, in this execution
  bool left_out_ = false;          // some of them are not in the trace
  Position depth_ = 0;             // steps taken
  Position last_whole_ = nowhere;  // the last of them that is no choice inside another
  WakeupTrees::Id inherited_ = WakeupTrees::none;  // the wakeup tree of the next new node
  std::vector<Pending> pending_;
  std::vector<Ready> timed_;  // of the ready list before: what could time out
  std::vector<Disabled> disabled_;
  BitRows apart_;  // by first event of a race
  std::vector<bool> apart_known_;
  BitRows scratch_{4};  // for one race; the last: what comes before its second event
  std::size_t scratch_width_ = 1;
  bool started_ = false, done_ = false, completed_ = false, counts_ = true, gave_up_ = false;
  bool incomplete_ = false;
  std::uint64_t execution_ = 0;
  Counts tally_;
  std::string diverged_;
};

}  // namespace harness
