// Delays at the hooks, from the seed, the number of the execution and the task: a yield, a short
// spin, a sleep. Every execution has a temper of its own, from no delay at all to one long sleep of
// each task at one of its hooks, because different races want different ones.
#pragma once

#include <cstdint>

#include "harness/engine/event.hpp"

namespace harness::stress_mode {

// A well-mixed number from three.
std::uint64_t mix(std::uint64_t a, std::uint64_t b, std::uint64_t c = 0);

class Delays {
 public:
  void begin(std::uint64_t seed, std::uint64_t execution);
  // The calling thread, `task`, is at a hook. True if it was held up.
  bool hold_up(TaskId task) const;

 private:
  enum class Temper : std::uint8_t { none, yields, mixed, one_sleep };

  bool mixed(std::uint64_t draw) const;

  std::uint64_t seed_ = 0;
  std::uint64_t execution_ = 0;
  Temper temper_ = Temper::none;
};

}  // namespace harness::stress_mode
