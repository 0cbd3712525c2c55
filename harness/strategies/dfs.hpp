// dfs: executes every interleaving once, depth first, the one without preemptions first. What it
// keeps is the path of the last execution: for each step how many choices there are and which was
// taken. A step stores counts and indices only; nothing is copied and, once the path has its
// length, nothing allocated.
//
// restart() begins again with a larger bound and leaves out what the search before has executed
// (iterative bounding, see preemptions.cpp). Of an execution the choices that are not on the path
// when it begins are the first ones, hence free, so that its number of preemptions is known by
// then; and those within a bound are explored in the same order under every larger one. So a number
// for each execution is enough to know it again: the last step at which it had another choice. Up
// to there the way must be walked once more, to see what there is to choose; where there is none,
// not even that.
//
// A part of a divided search (see Stream) leaves out what hangs below the choices that are another part's:
// the first few steps with a choice, by a hash. Executions that are over by then are everybody's.
#pragma once

#include <string>
#include <vector>

#include "harness/engine/strategy.hpp"
#include "harness/strategies/draws.hpp"

namespace harness {

class Dfs final : public Strategy {
 public:
  enum class Learning { no, for_restart };
  // What is bounded: switches away from a task that could have gone on; or how many tasks are passed over
  // in all, where the next one is the running task and then the others in turn.
  enum class Counts { preemptions, delays };
  // A bound of -1 is none.
  explicit Dfs(int bound, Learning learning = Learning::no, Stream stream = {},
               Counts counts = Counts::preemptions)
      : bound_(bound), learning_(learning), stream_(stream), counts_(counts) {}

  bool begin(std::uint64_t execution) override;
  std::size_t next(std::span<const Ready> ready, TaskId current) override;
  void resume(std::uint64_t executions, std::span<const Choice> path) override;
  void reconsider() override { *this = Dfs(bound_, learning_, stream_, counts_); }
  bool exhausted() const override { return done_ && diverged_.empty(); }
  const std::string& diverged() const override { return diverged_; }

  int bound() const override { return bound_; }
  // Whether a choice was left out because of the bound.
  bool cut_off() const { return cut_off_; }
  // After an exhausted search: another one, of the executions with more preemptions than that one
  // allowed, and at most `preemptions`.
  void restart(int preemptions);
  // Before resume(): a search that restart() led to goes on.
  void set_bound(int preemptions, bool cut_off);

 private:
  // A step of the path. Choices are numbered in the order in which they are explored: beginning
  // with the entry `start` of the ready list and from there around. `start` is where the running
  // task's entries are.
  struct Node {
    std::uint64_t ready_hash;
    std::uint32_t preemptions;  // before this step
    std::uint16_t ready;        // entries
    std::uint16_t start;
    std::uint16_t free;      // the first ones, which are no preemptions
    std::uint16_t limit;     // choices within the bound
    std::uint16_t position;  // the choice taken
    Choice choice;  // the same, and what it was, to tell a program that is not deterministic
    Op op;

    std::size_t index() const {
      const std::size_t i = std::size_t{start} + position;
      return i < ready ? i : i - ready;
    }
  };
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  std::uint32_t preemptions_after(const Node& node) const;
  bool is_ours(const Node& node);
  static std::uint64_t hash_of(std::span<const Ready> ready);
  static bool is(const Ready& entry, Choice choice);
  Node new_node(std::span<const Ready> ready, TaskId current, std::uint64_t hash);
  std::size_t take(Node& node, std::span<const Ready> ready);
  std::size_t follow(std::span<const Ready> ready, TaskId current);
  std::size_t leave_path(std::span<const Ready> ready, TaskId current);
  std::size_t turn_off(std::span<const Ready> ready);
  void finish();
  bool advance();
  bool to_next_execution();
  bool is_known();
  void learn();
  void learn(std::uint32_t last_choice);
  void note(std::span<const Ready> ready, const std::string& before);
  void note_early_end(std::size_t expected);

  int bound_;
  Learning learning_;
  Stream stream_;
  Counts counts_;
  std::vector<Node> path_;         // of the execution that runs, or ran last
  std::vector<Choice> following_;  // after resume(): of the lost execution
  std::size_t depth_ = 0;          // steps taken
  std::uint32_t preemptions_ = 0;  // among them
  Op last_op_ = Op::start;
  bool started_ = false;
  bool done_ = false;
  std::size_t choices_ = 0;  // steps with one, so far, and their hash
  std::uint64_t choices_hash_ = 0;
  bool is_others_ = false;  // this execution is another part's
  bool off_path_ = false;  // what is left of this execution is not recorded
  bool cut_off_ = false;
  std::uint64_t execution_ = 0;
  std::string diverged_;

  // For restart(): of each execution of the search before, and of this one, in order, the number of
  // steps up to the last one that had another choice and was new then; 0 where there was none.
  std::vector<std::uint32_t> known_;
  std::vector<std::uint32_t> learned_;
  bool knows_ = false;  // `known_` is there, and `known_at_` where we are in it
  bool learns_ = true;  // `learned_` is complete so far
  std::size_t known_at_ = 0;
  std::uint32_t known_bound_ = 0;
  std::size_t new_from_ = 0;           // nodes of the path from here on are new in this execution
  std::size_t turn_off_at_ = nowhere;  // this execution is known up to here
};

}  // namespace harness
