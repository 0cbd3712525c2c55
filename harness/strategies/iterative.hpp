// Iterative bounding: all executions within a bound of 0, then those that a bound of 1 adds, and so on, each
// execution once. Bugs that need little come first, and the report has the least.
//
// No queue of prefixes is kept. Each bound is a depth-first search that leaves out what the one before has
// executed, see dfs.hpp; it costs four bytes for every execution up to 2^25 of them, and the way to where a
// new one turns off. Executions beyond, and after a lost worker those of the bound before, are repeated once
// more. It ends when a bound cut nothing off: then every interleaving has been executed.
#pragma once

#include <string>

#include "harness/strategies/dfs.hpp"

namespace harness {

class Iterative final : public Strategy {
 public:
  // last_bound -1: until nothing is cut off.
  Iterative(Dfs::Counts counts, int last_bound, Stream stream)
      : counts_(counts), last_bound_(last_bound), stream_(stream), search_(0, Dfs::Learning::for_restart, stream, counts) {}

  bool begin(std::uint64_t execution) override;
  std::size_t next(std::span<const Ready> ready, TaskId current) override {
    return search_.next(ready, current);
  }
  // The bound, from 1 on, and whether it has cut anything off.
  std::uint64_t memory() const override {
    return (static_cast<std::uint64_t>(search_.bound()) + 1) << 1 | (search_.cut_off() ? 1 : 0);
  }
  void recall(std::uint64_t memory) override { memory_ = memory; }
  void resume(std::uint64_t executions, std::span<const Choice> path) override;
  void reconsider() override { search_ = Dfs(0, Dfs::Learning::for_restart, stream_, counts_); }
  // A bound on delays that cut something off is none on preemptions.
  bool exhausted() const override {
    return !lost_ && search_.exhausted() && (counts_ == Dfs::Counts::preemptions || !search_.cut_off());
  }
  int bound() const override { return search_.cut_off() ? search_.bound() : -1; }
  const std::string& diverged() const override;

 private:
  Dfs::Counts counts_;
  int last_bound_;
  Stream stream_;
  Dfs search_;
  std::uint64_t memory_ = 0;
  bool lost_ = false;
};

}  // namespace harness
