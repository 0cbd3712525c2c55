// Vector clocks: what each task has heard of every other one. Ticks go on across executions, so that what an
// earlier execution left behind is recognised by its age and never has to be cleared.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "harness/engine/event.hpp"

namespace harness {

using Tick = std::uint64_t;  // below 2^40

class VectorClock {
 public:
  Tick of(TaskId task) const { return task < ticks_.size() ? ticks_[task] : 0; }
  void set(TaskId task, Tick tick) {
    if (task >= ticks_.size()) ticks_.resize(task + std::size_t{1}, 0);
    ticks_[task] = tick;
  }
  // Keeps its room: clocks are used again.
  void clear() { ticks_.clear(); }
  bool empty() const { return ticks_.empty(); }
  void join(const VectorClock& other) {
    if (ticks_.size() < other.ticks_.size()) ticks_.resize(other.ticks_.size(), 0);
    for (std::size_t i = 0; i < other.ticks_.size(); ++i) ticks_[i] = std::max(ticks_[i], other.ticks_[i]);
  }
  // The first task of which more is known here than there; no_task where there is none.
  TaskId ahead_of(const VectorClock& other) const {
    for (std::size_t i = 0; i < ticks_.size(); ++i)
      if (ticks_[i] > other.of(static_cast<TaskId>(i))) return static_cast<TaskId>(i);
    return no_task;
  }

 private:
  std::vector<Tick> ticks_;  // by task; beyond the end: 0
};

// One access, in a word: the task's tick, the task, and which bytes of an 8-byte granule.
class Epoch {
 public:
  constexpr Epoch() = default;
  constexpr Epoch(TaskId task, Tick tick, std::uint8_t bytes = 0)
      : word_((tick << 24) | (std::uint64_t{task} << 8) | bytes) {}
  TaskId task() const { return static_cast<TaskId>(word_ >> 8); }
  Tick tick() const { return word_ >> 24; }
  std::uint8_t bytes() const { return static_cast<std::uint8_t>(word_); }
  bool is_of(Epoch other) const { return ((word_ ^ other.word_) >> 8) == 0; }
  bool covers(std::uint8_t bytes) const { return (word_ & bytes) == bytes; }
  Epoch with(std::uint8_t bytes) const {
    Epoch epoch;
    epoch.word_ = word_ | bytes;
    return epoch;
  }
  Epoch without(std::uint8_t bytes) const {
    Epoch epoch;
    epoch.word_ = word_ & ~std::uint64_t{bytes};
    return epoch;
  }
  explicit operator bool() const { return word_ != 0; }

 private:
  std::uint64_t word_ = 0;
};

}  // namespace harness
