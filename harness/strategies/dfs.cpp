// How dfs walks: the path, the next one in depth-first order, and what is known from the search
// before.
#include "harness/strategies/dfs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "harness/engine/errors.hpp"
#include "harness/strategies/each.hpp"
#include "harness/strategies/ready.hpp"

namespace harness {

bool Dfs::begin(std::uint64_t execution) {
  if (started_ && !done_) {
    finish();
    done_ = !advance() || !to_next_execution();
  } else if (!started_ && !done_ && following_.empty()) {
    done_ = !to_next_execution();
  }
  if (done_) return false;
  started_ = true;
  execution_ = execution;
  depth_ = 0;
  preemptions_ = 0;
  off_path_ = is_others_ = false;
  choices_ = 0;
  choices_hash_ = 0;
  last_op_ = Op::start;
  new_from_ = path_.size();
  return true;
}

std::size_t Dfs::next(std::span<const Ready> ready, TaskId current) {
  if (off_path_) return without_preemption(ready, current);
  const std::uint64_t hash = hash_of(ready);
  if (depth_ == path_.size()) {
    path_.push_back(new_node(ready, current, hash));
    if (depth_ < following_.size()) return follow(ready, current);
    if (depth_ == turn_off_at_) return turn_off(ready);
  } else if (path_[depth_].ready_hash != hash) {
    const Node& node = path_[depth_];
    note(ready, fmt::format("a choice of {} before, of which task {} was taken ({})", node.ready,
                            node.choice.task, name_of(node.op)));
    return leave_path(ready, current);
  }
  return take(path_[depth_], ready);
}

void Dfs::resume(std::uint64_t executions, std::span<const Choice> path) {
  path_.clear();
  following_.assign(path.begin(), path.end());
  started_ = false;
  done_ = executions > 0 && path.empty();
  if (executions > 0) learns_ = knows_ = false;
  if (done_ && diverged_.empty())
    diverged_ = fmt::format(
        "execution {} was lost before its first step; what is left to explore is not known",
        executions - 1);
}

void Dfs::restart(int preemptions) {
  HARNESS_CHECK(exhausted() && bound_ >= 0 && learning_ == Learning::for_restart);
  known_.swap(learned_);
  learned_.clear();
  knows_ = learns_;
  learns_ = true;
  known_at_ = 0;
  known_bound_ = static_cast<std::uint32_t>(bound_);
  turn_off_at_ = nowhere;
  set_bound(preemptions, false);
}

void Dfs::set_bound(int preemptions, bool cut_off) {
  bound_ = preemptions;
  cut_off_ = cut_off;
  path_.clear();
  started_ = done_ = false;
}

std::uint64_t Dfs::hash_of(std::span<const Ready> ready) {
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

Dfs::Node Dfs::new_node(std::span<const Ready> ready, TaskId current, std::uint64_t hash) {
  HARNESS_CHECK(ready.size() < 0xffff);
  const auto size = static_cast<std::uint16_t>(ready.size());
  std::uint16_t first = 0;
  while (first < size && ready[first].task != current) ++first;
  std::uint16_t last = first;
  while (last < size && ready[last].task == current) ++last;

  Node node{hash, preemptions_, size, 0, size, size, 0, {}, Op::start};
  const bool gives_way = last_op_ == Op::yield || last_op_ == Op::sleep;  // asks that others go on
  if (first == last && counts_ == Counts::preemptions) return node;  // it blocked or ended
  if (first == last)
    for (last = 0; last < size && ready[last].task < current;) ++last;
  node.start = first < size && !gives_way ? first : last == size ? std::uint16_t{0} : last;
  if (gives_way && counts_ == Counts::preemptions) return node;  // every choice is free
  node.free = 1;
  while (node.start + node.free < size && ready[node.start + node.free].task == ready[node.start].task)
    ++node.free;
  if (bound_ >= 0) {
    const std::uint32_t left = static_cast<std::uint32_t>(bound_) - preemptions_;
    const bool all = counts_ == Counts::preemptions ? left > 0 : left >= size;
    if (!all) node.limit = std::min<std::uint16_t>(size, static_cast<std::uint16_t>(node.free + left));
  }
  cut_off_ |= node.limit < size;
  return node;
}

std::uint32_t Dfs::preemptions_after(const Node& node) const {
  if (node.position < node.free) return node.preemptions;
  return node.preemptions + (counts_ == Counts::preemptions ? 1 : node.position - node.free + 1u);
}

// Asked for every step. False: the choice that was just made leads to what another part searches.
bool Dfs::is_ours(const Node& node) {
  if (stream_.parts == 1 || node.ready == 1) return true;
  choices_hash_ = (choices_hash_ ^ node.choice.task ^ std::uint64_t{node.choice.alternative} << 16 ^
                   std::uint64_t{depth_} << 32) *
                  0x9e3779b97f4a7c15;
  choices_hash_ ^= choices_hash_ >> 29;
  constexpr int more_than_parts = 3;
  if (++choices_ != static_cast<std::size_t>(std::bit_width(stream_.parts) + more_than_parts)) return true;
  return choices_hash_ % stream_.parts == stream_.part;
}

std::size_t Dfs::take(Node& node, std::span<const Ready> ready) {
  const std::size_t index = node.index();
  const Ready& entry = ready[index];
  node.choice = {entry.task, static_cast<std::uint16_t>(entry.event.alternative)};
  node.op = last_op_ = entry.event.op;
  preemptions_ = preemptions_after(node);
  ++depth_;
  if (is_ours(node)) return index;
  off_path_ = is_others_ = true;
  return abandon;
}

// After resume(): takes at the new node what the lost execution took there, and at the last step
// of it the choice that comes next. Where there is none, the next branch lies further up, and the
// way to it must not lead through that last step again, which may well be what the process died
// of.
std::size_t Dfs::follow(std::span<const Ready> ready, TaskId current) {
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

// A known execution has come to its last choice. It and those that follow without a choice of their
// own are behind us; the next one goes on from here.
std::size_t Dfs::turn_off(std::span<const Ready> ready) {
  Node& node = path_[depth_];
  turn_off_at_ = nowhere;
  do ++node.position;
  while (node.position < node.limit && is_known() && turn_off_at_ == nowhere);
  if (node.position < node.limit) {
    new_from_ = path_.size();
    return take(node, ready);
  }
  off_path_ = true;
  return abandon;
}

bool Dfs::is(const Ready& entry, Choice choice) {
  return entry.task == choice.task && entry.event.alternative == choice.alternative;
}

// The rest of this execution explores nothing; the next one goes on from what is known.
std::size_t Dfs::leave_path(std::span<const Ready> ready, TaskId current) {
  off_path_ = true;
  return without_preemption(ready, current);
}

// What the execution that is over leaves behind.
void Dfs::finish() {
  std::size_t expected = following_.empty() ? path_.size() : following_.size();
  if (turn_off_at_ != nowhere) expected = std::max(expected, turn_off_at_ + 1);
  if (!off_path_) {
    if (depth_ < expected) note_early_end(expected);
    learn();
  }
  if (is_others_) learn();
  following_.clear();
  turn_off_at_ = nowhere;
}

// To the next path in depth-first order. False: there is none.
bool Dfs::advance() {
  while (!path_.empty() && path_.back().position + 1 >= path_.back().limit) path_.pop_back();
  if (path_.empty()) return false;
  ++path_.back().position;
  return true;
}

// Leaves out the known ones that lead to nothing new. False: nothing else is left.
bool Dfs::to_next_execution() {
  while (is_known() && turn_off_at_ == nowhere)
    if (!advance()) return false;
  return true;
}

// Whether the path as it stands is the beginning of an execution of the search before; sets where
// to turn off from it, if anywhere.
bool Dfs::is_known() {
  const std::uint32_t preemptions = path_.empty() ? 0 : preemptions_after(path_.back());
  if (!knows_ || preemptions > known_bound_ || known_at_ == known_.size()) return false;
  const std::uint32_t last_choice = known_[known_at_++];
  turn_off_at_ = last_choice == 0 ? nowhere : last_choice - 1;
  learn(last_choice);
  return true;
}

void Dfs::learn() {
  if (learning_ == Learning::no) return;
  std::size_t last = path_.size();
  while (last > new_from_ && path_[last - 1].ready < 2) --last;
  learn(last > new_from_ ? static_cast<std::uint32_t>(last) : 0);
}

// Of more executions than that the search after this one knows nothing, and repeats them.
void Dfs::learn(std::uint32_t last_choice) {
  constexpr std::size_t most = std::size_t{1} << 25;
  if (learns_ && learned_.size() < most) learned_.push_back(last_choice);
}

void Dfs::note(std::span<const Ready> ready, const std::string& before) {
  if (!diverged_.empty()) return;
  diverged_ = fmt::format(
      "the program does not do the same for the same choices: at step {} of execution {} there "
      "was {}; "
      "ready now: {}",
      depth_ + 1, execution_, before, ready_text(ready, {}));
}

void Dfs::note_early_end(std::size_t expected) {
  if (!diverged_.empty()) return;
  diverged_ = fmt::format(
      "the program does not do the same for the same choices: execution {} ended after step {}, "
      "where "
      "before it had gone on to step {} at least",
      execution_, depth_, expected);
}

std::unique_ptr<Strategy> make_dfs(int preemptions, Stream stream) {
  return std::make_unique<Dfs>(preemptions, Dfs::Learning::no, stream);
}

}  // namespace harness
