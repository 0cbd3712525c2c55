// Whether a thread sleeps, as the kernel tells it under /proc. Used by the driver (is a task
// blocked?) and by the watching process (is this a deadlock?).
#pragma once

#include <cstdint>
#include <vector>

namespace harness::stress_mode {

// One look at a thread.
struct Glance {
  bool there = false;       // false: it has ended, or /proc does not tell
  char state = 0;           // 'R', 'S', 'D', ...
  std::uint64_t spent = 0;  // grows whenever it runs
};
// `process` 0: of this process.
Glance look_at(int process, int thread);
std::vector<int> threads_of(int process);
// True where the thread waits on a futex with no end to the wait: only another thread can wake it.
bool waits_for_ever(int process, int thread);

// Follows one thread: since when has it been asleep without running at all?
class Sleeper {
 public:
  Sleeper(int process, int thread) : process_(process), thread_(thread) {}
  // Nanoseconds of unbroken sleep up to now; -1 where the thread is not there.
  std::int64_t asleep_ns();

 private:
  int process_;
  int thread_;
  std::uint64_t spent_ = 0;
  std::int64_t since_ = 0;
};

}  // namespace harness::stress_mode
