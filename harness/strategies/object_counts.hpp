// How often each task acts on each object in one execution, and which objects are shared: used by two
// tasks, and changed by one. Objects are numbered in order of first use, so that nothing depends on
// addresses.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/engine/event.hpp"

namespace harness {

class ObjectCounts {
 public:
  static constexpr std::size_t most_objects = 4096;  // those after them are not counted

  void clear() {
    used_ = 0;
    shared_.clear();
    for (std::uint32_t& slot : slots_) slot = empty;
  }

  void add(const Event& event) {
    if (event.object == 0) return;
    const std::uint32_t number = number_of(event.object);
    if (number == empty) return;
    Counted& counted = counted_[number];
    if (event.task >= counted.by_task.size()) counted.by_task.resize(std::size_t{event.task} + 1, 0);
    ++counted.by_task[event.task];
    ++counted.uses;
    counted.changed |= event.op != Op::load && event.op != Op::read_point;
  }

  void find_shared() {
    shared_.clear();
    for (std::uint32_t number = 0; number < used_; ++number) {
      int tasks = 0;
      for (const std::uint32_t count : counted_[number].by_task) tasks += count != 0 ? 1 : 0;
      if (tasks >= 2 && counted_[number].changed) shared_.push_back(number);
    }
  }

  // Numbers of the shared objects, in order of first use; by find_shared().
  const std::vector<std::uint32_t>& shared() const { return shared_; }
  // By all tasks together.
  std::uint32_t uses(std::uint32_t number) const { return counted_[number].uses; }
  std::uintptr_t object(std::uint32_t number) const { return counted_[number].object; }
  std::span<const std::uint32_t> counts(std::uint32_t number) const {
    return counted_[number].by_task;
  }

 private:
  static constexpr std::uint32_t empty = UINT32_MAX;
  struct Counted {
    std::uintptr_t object = 0;
    std::vector<std::uint32_t> by_task;
    std::uint32_t uses = 0;
    bool changed = false;
  };

  std::uint32_t number_of(std::uintptr_t object) {
    if (slots_.size() < 2 * (std::size_t{used_} + 1)) grow();
    const std::size_t slot = find(object);
    if (slots_[slot] == empty && used_ < most_objects) {
      if (used_ == counted_.size()) counted_.emplace_back();
      Counted& counted = counted_[used_];
      counted.object = object;
      counted.by_task.clear();
      counted.uses = 0;
      counted.changed = false;
      slots_[slot] = used_++;
    }
    return slots_[slot];
  }

  std::size_t find(std::uintptr_t object) const {
    std::size_t slot = (object * 0x9e3779b97f4a7c15 >> 32) % slots_.size();
    while (slots_[slot] != empty && counted_[slots_[slot]].object != object)
      slot = (slot + 1) % slots_.size();
    return slot;
  }

  void grow() {
    slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, empty);
    for (std::uint32_t number = 0; number < used_; ++number)
      slots_[find(counted_[number].object)] = number;
  }

  std::vector<std::uint32_t> slots_;  // hash table of numbers
  std::vector<Counted> counted_;      // the first used_ are of this execution
  std::uint32_t used_ = 0;
  std::vector<std::uint32_t> shared_;
};

}  // namespace harness
