// Vector clocks: what each task has heard of every other one. Ticks go on across executions, so that what an
// earlier execution left behind is recognised by its age and never has to be cleared.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "harness/engine/event.hpp"

namespace harness {

using Tick = std::uint64_t;  // below 2^40

class VectorClock {
 public:
  VectorClock() = default;
  VectorClock(const VectorClock&) = delete;
  VectorClock& operator=(const VectorClock& other) {
    reserve(other.size_);
    size_ = other.size_;
    copy(other.ticks(), size_, ticks());
    return *this;
  }

  Tick of(TaskId task) const { return task < size_ ? ticks()[task] : 0; }
  void set(TaskId task, Tick tick) {
    grow(task + 1u);
    ticks()[task] = tick;
  }
  // Keeps its room: clocks are used again.
  void clear() { size_ = 0; }
  bool empty() const { return size_ == 0; }
  void join(const VectorClock& other) {
    grow(other.size_);
    Tick* const mine = ticks();
    const Tick* const theirs = other.ticks();
    for (std::uint32_t i = 0; i < other.size_; ++i) mine[i] = std::max(mine[i], theirs[i]);
  }
  // The first task of which more is known here than there; no_task where there is none.
  TaskId ahead_of(const VectorClock& other) const {
    const Tick* const mine = ticks();
    for (std::uint32_t i = 0; i < size_; ++i)
      if (mine[i] > other.of(static_cast<TaskId>(i))) return static_cast<TaskId>(i);
    return no_task;
  }

 private:
  static constexpr std::uint32_t few = 6;  // tasks that need no memory elsewhere

  // Tick by tick: they were written one by one a moment ago, and a wide load would wait for that.
  static void copy(const Tick* from, std::uint32_t count, Tick* to) {
    for (std::uint32_t i = 0; i < count; ++i) {
      to[i] = from[i];
      __asm__ volatile("" ::: "memory");
    }
  }
  const Tick* ticks() const { return many_.empty() ? few_.data() : many_.data(); }
  Tick* ticks() { return many_.empty() ? few_.data() : many_.data(); }
  void reserve(std::uint32_t size) {
    if (size <= few || size <= many_.size()) return;
    const bool moves = many_.empty();
    many_.resize(std::max<std::size_t>(size, many_.size() * 2));
    if (moves) copy(few_.data(), size_, many_.data());
  }
  void grow(std::uint32_t size) {
    if (size <= size_) return;
    reserve(size);
    for (Tick* const all = ticks(); size_ < size; ++size_) all[size_] = 0;
  }

  std::uint32_t size_ = 0;  // beyond it: 0
  std::array<Tick, few> few_;
  std::vector<Tick> many_;
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
