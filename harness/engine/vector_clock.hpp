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
    if (other.size_ > room_) [[unlikely]]
      make_room(other.size_);
    size_ = other.size_;
    for (std::uint32_t i = 0; i < size_; ++i) {
      ticks_[i] = other.ticks_[i];
      one_by_one();
    }
    return *this;
  }

  Tick of(TaskId task) const { return task < size_ ? ticks_[task] : 0; }
  void set(TaskId task, Tick tick) {
    if (task >= size_) [[unlikely]]
      grow(task + 1u);
    ticks_[task] = tick;
  }
  // Keeps its room: clocks are used again.
  void clear() { size_ = 0; }
  bool empty() const { return size_ == 0; }
  void join(const VectorClock& other) {
    if (other.size_ > size_) [[unlikely]]
      grow(other.size_);
    for (std::uint32_t i = 0; i < other.size_; ++i) {
      if (other.ticks_[i] > ticks_[i]) ticks_[i] = other.ticks_[i];
      one_by_one();
    }
  }
  // The first task of which more is known here than there; no_task where there is none.
  TaskId ahead_of(const VectorClock& other) const {
    for (std::uint32_t i = 0; i < size_; ++i)
      if (ticks_[i] > other.of(static_cast<TaskId>(i))) return static_cast<TaskId>(i);
    return no_task;
  }

 private:
  static constexpr std::uint32_t few = 6;  // tasks that need no memory elsewhere

  // Ticks were written one at a time a moment ago, and a wide load would wait for all of that.
  static void one_by_one() { __asm__ volatile("" ::: "memory"); }
  void grow(std::uint32_t size) {
    if (size > room_) make_room(size);
    while (size_ < size) ticks_[size_++] = 0;
  }
  [[gnu::noinline]] void make_room(std::uint32_t size) {
    std::vector<Tick> wider(std::max(size, room_ * 2));
    std::copy_n(ticks_, size_, wider.begin());
    many_.swap(wider);
    ticks_ = many_.data();
    room_ = static_cast<std::uint32_t>(many_.size());
  }

  Tick* ticks_ = few_.data();  // beyond size_: 0
  std::uint32_t size_ = 0;
  std::uint32_t room_ = few;
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
