// What the standard library offers for threads beyond surface.cpp, used rightly, and next to it the same used
// subtly wrongly: the former must pass under every interleaving, the latter must be found. Here: locks, semaphores,
// latches, barriers, conditions, and what becomes ready at the end of a thread.
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <string>
#include <thread>
#include <utility>

#undef NDEBUG
#include <cassert>

#include "harness/test/programs/table.hpp"

namespace {

using namespace std::chrono_literals;

// --- locks

void lock_several(harness::Execution& run) {
  std::mutex first, second;
  int counter = 0;
  run.spawn("forwards", [&] {
    const std::scoped_lock both(first, second);
    ++counter;
  });
  run.spawn("backwards", [&] {
    std::unique_lock a(second, std::defer_lock), b(first, std::defer_lock);
    std::lock(a, b);
    ++counter;
  });
  run.spawn("tries", [&] {
    if (std::try_lock(first, second) == -1) {
      first.unlock();
      second.unlock();
    }
  });
  run.join();
  assert(counter == 2);
}

void lock_order(harness::Execution& run) {
  std::mutex first, second;
  run.spawn("forwards", [&] {
    const std::lock_guard a(first);
    const std::lock_guard b(second);
  });
  run.spawn("backwards", [&] {
    const std::lock_guard b(second);
    const std::lock_guard a(first);
  });
  run.join();
}

void reader_upgrades(harness::Execution& run) {
  static std::shared_mutex mutex;
  const auto work = [] {
    const std::shared_lock reading(mutex);
    const std::unique_lock writing(mutex);  // never: it reads itself
  };
  run.spawn("first", work);
  run.join();
}

void timed_locks(harness::Execution&) {
  std::timed_mutex timed;
  std::recursive_timed_mutex recursive;
  std::shared_timed_mutex shared;
  const std::lock_guard held(timed);
  const std::scoped_lock twice(recursive);
  assert(recursive.try_lock_for(1ms));
  recursive.unlock();
  shared.lock_shared();
  std::thread([&] {
    assert(!timed.try_lock_for(1s) && !timed.try_lock_until(std::chrono::system_clock::now() + 1s));
    assert(!recursive.try_lock_until(std::chrono::steady_clock::now() + 1s));
    assert(!shared.try_lock_for(1ms) && shared.try_lock_shared_for(1ms));
    shared.unlock_shared();
  }).join();
  shared.unlock_shared();
}

// --- semaphores, latches, barriers

void binary_semaphores(harness::Execution& run) {
  std::binary_semaphore ping{1}, pong{0};
  std::string text;
  run.spawn("ping", [&] {
    for (int i = 0; i < 2; ++i) {
      ping.acquire();
      text += 'i';
      pong.release();
    }
  });
  run.spawn("pong", [&] {
    for (int i = 0; i < 2; ++i) {
      pong.acquire();
      text += 'o';
      ping.release();
    }
  });
  run.join();
  assert(text == "ioio" && ping.try_acquire() && !pong.try_acquire_for(1ms));
}

// Right, but for libstdc++ 12: a waiter that has seen a 1 which another took goes to sleep on the next 1.
void semaphore_overuse(harness::Execution& run) {
  std::counting_semaphore<3> room{2};
  std::atomic<int> inside{0};
  const auto work = [&] {
    room.acquire();
    assert(inside.fetch_add(1) < 2);
    inside.fetch_sub(1);
    room.release();
  };
  for (const char* name : {"first", "second", "third"}) run.spawn(name, work);
  run.join();
}

void latches(harness::Execution& run) {
  std::latch ready{2};
  std::atomic<int> arrived{0};
  const auto work = [&] {
    arrived.fetch_add(1);
    ready.count_down();
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.spawn("waiter", [&] {
    ready.wait();
    assert(arrived == 2 && ready.try_wait());
  });
  run.join();
}

void latch_too_high(harness::Execution& run) {
  std::latch ready{3};
  run.spawn("first", [&] { ready.arrive_and_wait(); });
  run.spawn("second", [&] { ready.arrive_and_wait(); });
  run.join();
}

void barrier_phases(harness::Execution& run) {
  static int completions;
  static int sum;
  completions = sum = 0;
  std::barrier phases(2, []() noexcept {
    ++completions;
    sum *= 10;
  });
  std::mutex mutex;
  const auto work = [&](int value, int rounds) {
    for (int i = 0; i < rounds; ++i) {
      {
        const std::lock_guard lock(mutex);
        sum += value;
      }
      if (i + 1 < rounds)
        phases.arrive_and_wait();
      else
        phases.arrive_and_drop();
    }
  };
  run.spawn("first", [=, &work] { work(1, 2); });
  run.spawn("second", [=, &work] { work(2, 2); });
  run.join();
  assert(completions == 2 && sum == 330);
}

// --- a condition variable, used subtly wrongly

void wakes_the_wrong_one(harness::Execution& run) {
  std::mutex mutex;
  std::condition_variable condition;
  int stage = 0;
  const auto wait_for = [&](int wanted) {
    std::unique_lock lock(mutex);
    condition.wait(lock, [&] { return stage >= wanted; });
    ++stage;
    condition.notify_one();  // may wake one that waits for more
  };
  run.spawn("second", [&] { wait_for(2); });
  run.spawn("first", [&] { wait_for(1); });
  run.spawn("third", [&] { wait_for(3); });
  run.spawn("starter", [&] {
    const std::lock_guard lock(mutex);
    ++stage;
    condition.notify_one();
  });
  run.join();
}

void signals_outside(harness::Execution& run) {
  std::mutex mutex;
  std::condition_variable condition;
  std::atomic<bool> ready{false};
  run.spawn("waiter", [&] {
    std::unique_lock lock(mutex);
    while (!ready) condition.wait(lock);
  });
  run.spawn("setter", [&] {
    ready = true;  // between the look and the wait
    condition.notify_one();
  });
  run.join();
}

void notify_at_exit(harness::Execution&) {
  std::mutex mutex;
  std::condition_variable condition;
  bool gone = false;
  std::thread worker([&] {
    std::unique_lock lock(mutex);
    gone = true;
    std::notify_all_at_thread_exit(condition, std::move(lock));
  });
  {
    std::unique_lock lock(mutex);
    condition.wait(lock, [&] { return gone; });
  }
  worker.join();
}

// --- what becomes ready when a thread has ended, after its thread_local variables have

struct TellsAtExit {
  int* to = nullptr;
  ~TellsAtExit() {
    if (to != nullptr) *to = 1;
  }
};
thread_local TellsAtExit tells_at_exit;

void ready_at_exit(harness::Execution&) {
  int told = 0;
  std::promise<int> promise;
  auto value = promise.get_future();
  std::thread setter([&told, promise = std::move(promise)]() mutable {
    tells_at_exit.to = &told;
    promise.set_value_at_thread_exit(7);
  });
  assert(value.get() == 7 && told == 1);
  value = {};
  setter.join();
}

void too_ready_at_exit(harness::Execution&) {
  int told = 0;
  std::promise<int> promise;
  auto value = promise.get_future();
  std::thread setter([&told, promise = std::move(promise)]() mutable {
    tells_at_exit.to = &told;
    promise.set_value(7);
  });
  assert(value.get() == 7 && told <= 1);
  setter.join();
}

void tasks_ready_at_exit(harness::Execution&) {
  std::packaged_task<int(int)> adds([](int x) { return x + 1; });
  auto sum = adds.get_future();
  std::promise<void> unwanted;
  static_cast<void>(unwanted.get_future());
  std::mutex mutex;
  std::condition_variable ended;
  bool is_over = false;
  std::thread worker([&, adds = std::move(adds), unwanted = std::move(unwanted)]() mutable {
    adds.make_ready_at_thread_exit(1);
    unwanted.set_value_at_thread_exit();
    std::unique_lock lock(mutex);
    is_over = true;
    std::notify_all_at_thread_exit(ended, std::move(lock));
  });
  while (sum.wait_for(1ms) != std::future_status::ready) std::this_thread::yield();
  assert(sum.get() == 2);
  {
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return is_over; });
  }
  worker.join();
}

const harness::test::Programs programs = {
    {"ready-at-exit", {ready_at_exit}},
    {"too-ready-at-exit", {too_ready_at_exit, "data-race"}},
    {"tasks-ready-at-exit", {tasks_ready_at_exit}},
    {"lock-several", {lock_several}},
    {"lock-order", {lock_order, "deadlock"}},
    {"reader-upgrades", {reader_upgrades, "deadlock"}},
    {"timed-locks", {timed_locks}},
    {"binary-semaphores", {binary_semaphores}},
    {"semaphore-overuse", {semaphore_overuse, "deadlock"}},
    {"latches", {latches}},
    {"latch-too-high", {latch_too_high, "deadlock"}},
    {"barrier-phases", {barrier_phases}},
    {"wakes-the-wrong-one", {wakes_the_wrong_one, "deadlock"}},
    {"signals-outside", {signals_outside, "deadlock"}},
    {"notify-at-exit", {notify_at_exit}},
};

}  // namespace

HARNESS_SCENARIO({
    .name = "surface_waits",
    .about = "the standard library's locks, and what else threads wait for",
    .variants = variants_of(programs),
    .play = [](harness::Execution& run, std::string_view variant) { programs.at(variant).play(run); },
});
