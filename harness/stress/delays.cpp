// Which hook of which task is held up, and how; see delays.hpp.
#include "harness/stress/delays.hpp"

#include "harness/stress/invisible.hpp"

namespace harness::stress_mode {
namespace {

// Stafford's variant 13 of the 64-bit finaliser of MurmurHash3.
std::uint64_t scramble(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// How many hooks of the execution the calling thread has passed.
struct Passed {
  std::uint64_t key = 0;
  std::uint64_t hooks = 0;
};
thread_local Passed passed;

void spin(std::uint64_t rounds) {
  for (std::uint64_t i = 0; i < rounds; ++i) __builtin_ia32_pause();
}

}  // namespace

std::uint64_t mix(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return scramble(scramble(scramble(a + 0x9e3779b97f4a7c15u) + b) + c);
}

void Delays::begin(std::uint64_t seed, std::uint64_t execution) {
  seed_ = seed;
  execution_ = execution;
  constexpr Temper tempers[] = {Temper::mixed, Temper::one_sleep, Temper::none,
                                Temper::mixed, Temper::one_sleep, Temper::yields,
                                Temper::mixed, Temper::one_sleep};
  temper_ = tempers[mix(seed, execution) % 8];
}

bool Delays::hold_up(TaskId task) const {
  if (temper_ == Temper::none) return false;
  const std::uint64_t key = mix(seed_, execution_, std::uint64_t{task} + 1);
  if (passed.key != key) passed = {key, 0};
  const std::uint64_t draw = mix(key, passed.hooks++);
  switch (temper_) {
    case Temper::yields:
      if (draw % 4 != 0) return false;
      yield_now();
      return true;
    case Temper::mixed:
      return mixed(draw);
    case Temper::one_sleep:
      if (passed.hooks - 1 != key % 12) return false;
      sleep_ns(static_cast<std::int64_t>(50'000 + (draw >> 8) % 800'000));
      return true;
    case Temper::none:
      break;
  }
  return false;
}

bool Delays::mixed(std::uint64_t draw) const {
  const std::uint64_t amount = draw >> 16;
  switch (draw % 16) {
    case 0:
    case 1:
      yield_now();
      return true;
    case 2:
    case 3:
    case 4:
      spin(amount % 2'000);
      return true;
    case 5:
      sleep_ns(static_cast<std::int64_t>(amount % 300'000));
      return true;
    default:
      return false;
  }
}

}  // namespace harness::stress_mode
