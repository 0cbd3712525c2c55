// A story told to one oracle, event by event, as the engine would tell it: only what it watches,
// until it objects. Every call is one step of the named task.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/oracles/each.hpp"

namespace harness {

inline constexpr std::uintptr_t region = 0x7f0000000000;
inline constexpr std::uintptr_t kib = 1024;
inline constexpr std::uintptr_t mib = 1024 * kib;
inline constexpr std::uintptr_t pool = 0x5000;

class Story {
 public:
  explicit Story(std::unique_ptr<Oracle> oracle) : oracle_(std::move(oracle)) { begin(); }

  Story& begin() {
    oracle_->begin();
    violation_.reset();
    step_ = 0;
    return *this;
  }

  Story& map(TaskId task, std::uintptr_t at, std::uint64_t bytes, std::uint64_t prot = 3) {
    return tell({.task = task, .op = Op::map, .object = at, .bytes = bytes, .value = prot});
  }
  Story& unmap(TaskId task, std::uintptr_t at, std::uint64_t bytes) {
    return tell({.task = task, .op = Op::unmap, .object = at, .bytes = bytes});
  }
  Story& protect(TaskId task, std::uintptr_t at, std::uint64_t bytes, std::uint64_t prot) {
    return tell({.task = task, .op = Op::protect, .object = at, .bytes = bytes, .value = prot});
  }
  Story& discard(TaskId task, std::uintptr_t at, std::uint64_t bytes) {
    return tell({.task = task, .op = Op::discard, .object = at, .bytes = bytes});
  }
  Story& failed(Op op, TaskId task, std::uintptr_t at, std::uint64_t bytes,
                std::uint64_t value = 0) {
    return tell(
        {.task = task, .op = op, .failed = true, .object = at, .bytes = bytes, .value = value});
  }
  Story& asked(TaskId task, std::uintptr_t of = pool) {
    return tell({.task = task, .op = Op::asked, .object = of});
  }
  Story& given(TaskId task, std::uintptr_t at, std::uint64_t bytes, std::uintptr_t by = pool) {
    return tell({.task = task, .op = Op::given, .object = at, .bytes = bytes, .value = by});
  }
  Story& returning(TaskId task, std::uintptr_t at) {
    return tell({.task = task, .op = Op::returning, .object = at});
  }
  Story& returned(TaskId task, std::uintptr_t at, bool accepted = true) {
    return tell({.task = task, .op = Op::returned, .object = at, .value = accepted ? 1u : 0u});
  }
  Story& gives_back(TaskId task, std::uintptr_t at, bool accepted = true) {
    return returning(task, at).returned(task, at, accepted);
  }
  Story& closed(TaskId task, std::uintptr_t at, std::uint64_t bytes = 0) {
    return tell({.task = task, .op = Op::closed, .object = at, .bytes = bytes});
  }
  Story& budget(TaskId task, std::uint64_t bytes, std::uintptr_t of = pool) {
    return tell({.task = task, .op = Op::budget, .object = of, .value = bytes});
  }
  Story& read(TaskId task, std::uintptr_t at, std::uint64_t bytes = 8) {
    return tell({.task = task, .op = Op::read, .object = at, .bytes = bytes});
  }
  Story& write(TaskId task, std::uintptr_t at, std::uint64_t bytes = 8) {
    return tell({.task = task, .op = Op::write, .object = at, .bytes = bytes});
  }
  Story& tell(Event event) {
    event.step = ++step_;
    if (!violation_ && oracle_->watches().has(event.op)) violation_ = oracle_->see(event);
    return *this;
  }
  Story& ends() {
    if (!violation_) violation_ = oracle_->end();
    return *this;
  }

  bool silent() const { return !violation_; }
  const Violation& violation() const { return violation_.value(); }
  std::string rule() const { return violation_ ? violation_->rule : "none"; }
  std::string message() const { return violation_ ? violation_->message : "none"; }
  bool freed_region() const { return violation_ && violation_->freed_region; }
  // Steps of the guilty events.
  std::vector<std::uint32_t> steps() const {
    std::vector<std::uint32_t> steps;
    if (violation_)
      for (const Event& event : violation_->accesses) steps.push_back(event.step);
    return steps;
  }

 private:
  std::unique_ptr<Oracle> oracle_;
  std::optional<Violation> violation_;
  std::uint32_t step_ = 0;
};

using Steps = std::vector<std::uint32_t>;

}  // namespace harness
