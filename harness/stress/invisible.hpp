// Locks, waits and sleeps that ThreadSanitizer does not see. The recorder and the hand-over of a
// schedule use nothing else: a mutex or semaphore of libc would tell ThreadSanitizer that the two
// sides of a race are ordered, and hide the race. Plain atomics are invisible because the tool is
// not instrumented, raw system calls because syscall() is not intercepted. Keeps errno, holds no
// heap.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>

namespace harness::stress_mode {

// Keeps errno over a hook: the code under test must not notice that there was one.
class KeepErrno {
 public:
  KeepErrno() : kept_(errno) {}
  ~KeepErrno() { errno = kept_; }
  KeepErrno(const KeepErrno&) = delete;
  KeepErrno& operator=(const KeepErrno&) = delete;

 private:
  int kept_;
};

inline void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}
inline void futex_wake(const std::atomic<std::uint32_t>& word, int threads) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, threads, nullptr, nullptr, 0);
}
inline void yield_now() { syscall(SYS_sched_yield); }
inline void sleep_ns(std::int64_t ns) {
  timespec time{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  syscall(SYS_nanosleep, &time, nullptr);
}
inline std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}
inline int thread_id() { return static_cast<int>(syscall(SYS_gettid)); }
[[noreturn]] inline void exit_now(int status) {
  while (true) syscall(SYS_exit_group, status);
}

// A mutex in one word: 0 free, 1 held, 2 held and waited for.
class InvisibleLock {
 public:
  void lock() {
    if (std::uint32_t free = 0; word_.compare_exchange_strong(free, 1)) return;
    for (int i = 0; i < 100; ++i) {
      __builtin_ia32_pause();
      if (std::uint32_t free = 0; word_.compare_exchange_strong(free, 1)) return;
    }
    while (word_.exchange(2) != 0) futex_wait(word_, 2);
  }
  void unlock() {
    if (word_.exchange(0) == 2) futex_wake(word_, 1);
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

}  // namespace harness::stress_mode
