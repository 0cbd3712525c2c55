// Virtual time as the program under test sees it.
#pragma once

#include <time.h>

#include <cstdint>

namespace harness {

inline constexpr std::uint64_t ns_per_s = 1'000'000'000;
// What the clocks show when an execution starts.
inline constexpr std::uint64_t realtime_start_s = 1'767'225'600;  // 2026-01-01 00:00 UTC
inline constexpr std::uint64_t monotonic_start_s = 1'000;

inline std::uint64_t start_of(clockid_t clock) {
  const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
  return (wall ? realtime_start_s : monotonic_start_s) * ns_per_s;
}
inline std::uint64_t to_ns(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * ns_per_s + static_cast<std::uint64_t>(time.tv_nsec);
}
inline bool is_valid(const timespec& time) {
  return time.tv_nsec >= 0 && time.tv_nsec < static_cast<long>(ns_per_s);
}
// An absolute time as a deadline of the engine: ns since the start, at least 1 (0 means: none).
inline std::uint64_t deadline_of(const timespec& time, clockid_t clock) {
  if (time.tv_sec < 0) return 1;
  const std::uint64_t ns = to_ns(time);
  return ns > start_of(clock) ? ns - start_of(clock) : 1;
}

}  // namespace harness
