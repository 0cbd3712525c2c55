// Programs whose interleavings can be counted by hand; engine_counts_test.cpp says how many there are.
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "harness/scenario.hpp"

namespace {

// Read in the end, or the compiler may leave out what is only written.
void expect(bool holds) {
  if (!holds) std::abort();
}

// `tasks` tasks, each of `steps` atomic operations on a variable of their own.
void steps(harness::Execution& run, int tasks, int steps_each) {
  static std::atomic<int> variable[4];
  for (int task = 0; task < tasks; ++task)
    run.spawn("task-" + std::to_string(task), [=] {
      for (int step = 0; step < steps_each; ++step) variable[task].store(step + 1);
    });
  run.join();
  for (int task = 0; task < tasks; ++task) expect(variable[task].load() == steps_each);
}

void one_mutex(harness::Execution& run) {
  static std::mutex mutex;
  for (const char* name : {"first", "second"})
    run.spawn(name, [] { const std::lock_guard lock(mutex); });
  run.join();
}

void thread_of_its_own(harness::Execution&) {
  static std::atomic<int> variable;
  std::thread other([] { variable.store(1); });
  variable.store(2);
  other.join();
  expect(variable.load() != 0);
}

void notify_one_of_two(harness::Execution& run) {
  std::mutex mutex;
  std::condition_variable condition;
  bool ready = false;
  int waiting = 0;
  const auto wait = [&] {
    std::unique_lock lock(mutex);
    ++waiting;
    condition.wait(lock, [&] { return ready; });
    ready = false;
  };
  run.spawn("first", wait);
  run.spawn("second", wait);
  run.spawn("waker", [&] {
    for (int given = 0; given < 2; ++given) {
      const std::lock_guard lock(mutex);
      ready = true;
      condition.notify_one();
    }
  });
  run.join();
}

void play(harness::Execution& run, std::string_view variant) {
  if (variant == "two-of-two") return steps(run, 2, 2);
  if (variant == "three-of-two") return steps(run, 3, 2);
  if (variant == "two-of-four") return steps(run, 2, 4);
  if (variant == "one-mutex") return one_mutex(run);
  if (variant == "thread") return thread_of_its_own(run);
  notify_one_of_two(run);
}

}  // namespace

HARNESS_SCENARIO({
    .name = "counts",
    .about = "programs whose interleavings can be counted by hand",
    .variants = {{"two-of-two", "pass"},
                 {"three-of-two", "pass"},
                 {"two-of-four", "pass"},
                 {"one-mutex", "pass"},
                 {"thread", "pass"},
                 {"lost-notification", "deadlock"}},
    .play = play,
});
