// dfs: executes every interleaving once, depth first, the one without preemptions first. What it
// keeps is the path of the last execution: for each step how many choices there are and which was
// taken. A step stores counts and indices only; nothing is copied and, once the path has its
// length, nothing allocated.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "harness/engine/errors.hpp"
#include "harness/strategies/each.hpp"
#include "harness/strategies/ready.hpp"

namespace harness {
namespace {

// A step of the path. Choices are numbered in the order in which they are explored: beginning with
// the entry `start` of the ready list and from there around. `start` is where the running task's
// entries are.
struct Node {
  std::uint64_t ready_hash;
  std::uint32_t preemptions;  // before this step
  std::uint16_t ready;        // entries
  std::uint16_t start;
  std::uint16_t free;      // the first ones, which are no preemptions
  std::uint16_t limit;     // choices within the bound
  std::uint16_t position;  // the choice taken
  Choice choice;           // the same, and what it was, to tell a program that is not deterministic
  Op op;

  std::size_t index() const {
    const std::size_t i = std::size_t{start} + position;
    return i < ready ? i : i - ready;
  }
};

class Dfs final : public Strategy {
 public:
  explicit Dfs(int preemptions) : bound_(preemptions) {}

  bool begin(std::uint64_t execution) override {
    if (started_ && !done_) {
      const std::size_t expected = following_.empty() ? path_.size() : following_.size();
      if (!off_path_ && depth_ < expected) note_early_end(expected);
      following_.clear();
      done_ = !advance();
    }
    if (done_) return false;
    started_ = true;
    execution_ = execution;
    depth_ = 0;
    preemptions_ = 0;
    off_path_ = false;
    last_op_ = Op::start;
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId current) override {
    if (off_path_) return without_preemption(ready, current);
    const std::uint64_t hash = hash_of(ready);
    if (depth_ == path_.size()) {
      path_.push_back(new_node(ready, current, hash));
      if (depth_ < following_.size()) return follow(ready, current);
    } else if (path_[depth_].ready_hash != hash) {
      const Node& node = path_[depth_];
      note(ready, fmt::format("a choice of {} before, of which task {} was taken ({})", node.ready,
                              node.choice.task, name_of(node.op)));
      return leave_path(ready, current);
    }
    return take(path_[depth_], ready);
  }

  void resume(std::uint64_t executions, std::span<const Choice> path) override {
    path_.clear();
    following_.assign(path.begin(), path.end());
    started_ = false;
    done_ = executions > 0 && path.empty();
    if (done_ && diverged_.empty())
      diverged_ = fmt::format(
          "execution {} was lost before its first step; what is left to explore is not known",
          executions - 1);
  }

  bool exhausted() const override { return done_ && diverged_.empty(); }
  const std::string& diverged() const override { return diverged_; }

 private:
  static std::uint64_t hash_of(std::span<const Ready> ready) {
    std::uint64_t hash = ready.size();
    for (const Ready& entry : ready) {
      const std::uint64_t word = std::uint64_t{entry.task} << 48 |
                                 std::uint64_t{static_cast<std::uint8_t>(entry.event.op)} << 32 |
                                 entry.event.alternative;
      hash = (hash ^ word) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 29;
    }
    return hash;
  }

  Node new_node(std::span<const Ready> ready, TaskId current, std::uint64_t hash) const {
    HARNESS_CHECK(ready.size() < 0xffff);
    const auto size = static_cast<std::uint16_t>(ready.size());
    std::uint16_t first = 0;
    while (first < size && ready[first].task != current) ++first;
    std::uint16_t last = first;
    while (last < size && ready[last].task == current) ++last;

    Node node{hash, preemptions_, size, 0, size, size, 0, {}, Op::start};
    if (first == last) return node;  // it blocked or ended: every choice is free
    if (last_op_ == Op::yield || last_op_ == Op::sleep) {
      node.start = last == size ? std::uint16_t{0} : last;  // it asked that others go on
      return node;
    }
    node.start = first;
    node.free = static_cast<std::uint16_t>(last - first);
    if (bound_ >= 0 && preemptions_ >= static_cast<std::uint32_t>(bound_)) node.limit = node.free;
    return node;
  }

  std::size_t take(Node& node, std::span<const Ready> ready) {
    const std::size_t index = node.index();
    const Ready& entry = ready[index];
    node.choice = {entry.task, static_cast<std::uint16_t>(entry.event.alternative)};
    node.op = last_op_ = entry.event.op;
    preemptions_ = node.preemptions + (node.position < node.free ? 0 : 1);
    ++depth_;
    return index;
  }

  // After resume(): takes at the new node what the lost execution took there, and at the last step
  // of it the choice that comes next. Where there is none, the next branch lies further up, and the
  // way to it must not lead through that last step again, which may well be what the process died
  // of.
  std::size_t follow(std::span<const Ready> ready, TaskId current) {
    Node& node = path_[depth_];
    const Choice wanted = following_[depth_];
    while (node.position < node.limit && !is(ready[node.index()], wanted)) ++node.position;
    if (node.position == node.limit) {
      note(ready, fmt::format("task {} (alternative {}) before", wanted.task, wanted.alternative));
      path_.pop_back();
      return leave_path(ready, current);
    }
    if (depth_ + 1 == following_.size()) {
      following_.clear();
      if (node.position + 1 == node.limit) {
        off_path_ = true;
        return abandon;
      }
      ++node.position;
    }
    return take(node, ready);
  }

  static bool is(const Ready& entry, Choice choice) {
    return entry.task == choice.task && entry.event.alternative == choice.alternative;
  }

  // The rest of this execution explores nothing; the next one goes on from what is known.
  std::size_t leave_path(std::span<const Ready> ready, TaskId current) {
    off_path_ = true;
    return without_preemption(ready, current);
  }

  // To the next path in depth-first order. False: there is none.
  bool advance() {
    while (!path_.empty() && path_.back().position + 1 >= path_.back().limit) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().position;
    return true;
  }

  void note(std::span<const Ready> ready, const std::string& before) {
    if (!diverged_.empty()) return;
    diverged_ = fmt::format(
        "the program does not do the same for the same choices: at step {} of execution {} there "
        "was {}; "
        "ready now: {}",
        depth_ + 1, execution_, before, ready_text(ready, {}));
  }

  void note_early_end(std::size_t expected) {
    if (!diverged_.empty()) return;
    diverged_ = fmt::format(
        "the program does not do the same for the same choices: execution {} ended after step {}, "
        "where "
        "before it had gone on to step {} at least",
        execution_, depth_, expected);
  }

  int bound_;
  std::vector<Node> path_;         // of the execution that runs, or ran last
  std::vector<Choice> following_;  // after resume(): of the lost execution
  std::size_t depth_ = 0;          // steps taken
  std::uint32_t preemptions_ = 0;  // among them
  Op last_op_ = Op::start;
  bool started_ = false;
  bool done_ = false;
  bool off_path_ = false;  // what is left of this execution is not recorded
  std::uint64_t execution_ = 0;
  std::string diverged_;
};

}  // namespace

std::unique_ptr<Strategy> make_dfs(int preemptions) { return std::make_unique<Dfs>(preemptions); }

}  // namespace harness
