// The parts of stress mode that are logic only: mapped ranges, delays, sleeping threads.
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <tuple>
#include <vector>

#include "harness/stress/delays.hpp"
#include "harness/stress/invisible.hpp"
#include "harness/stress/ranges.hpp"
#include "harness/stress/sleepers.hpp"

namespace harness::stress_mode {
namespace {

using Part = std::tuple<std::uintptr_t, std::uintptr_t, int>;

std::vector<Part> parts_of(const Ranges& ranges, std::uintptr_t low = 0,
                           std::uintptr_t high = 1000) {
  std::vector<Part> parts;
  ranges.each(low, high, [&](std::uintptr_t from, std::uintptr_t to, int prot) {
    parts.emplace_back(from, to, prot);
  });
  return parts;
}

TEST(StressRanges, KnowsWhatIsMapped) {
  Ranges ranges;
  ranges.set(100, 200, PROT_READ);
  ranges.remove(120, 130);
  EXPECT_EQ(parts_of(ranges), (std::vector<Part>{{100, 120, PROT_READ}, {130, 200, PROT_READ}}));
  EXPECT_TRUE(ranges.covers(100, 120));
  EXPECT_FALSE(ranges.covers(110, 140));
  EXPECT_EQ(parts_of(ranges, 110, 140),
            (std::vector<Part>{{110, 120, PROT_READ}, {130, 140, PROT_READ}}));
}

TEST(StressRanges, ANewMappingTakesThePlaceOfWhatItOverlaps) {
  Ranges ranges;
  ranges.set(0, 100, PROT_READ);
  ranges.set(200, 300, PROT_WRITE);
  ranges.set(50, 250, PROT_NONE);
  EXPECT_EQ(parts_of(ranges),
            (std::vector<Part>{{0, 50, PROT_READ}, {50, 250, PROT_NONE}, {250, 300, PROT_WRITE}}));
  ranges.set(0, 300, PROT_READ);
  EXPECT_EQ(parts_of(ranges), (std::vector<Part>{{0, 300, PROT_READ}}));
}

TEST(StressRanges, ProtectionChangesOnlyWhatIsThere) {
  Ranges ranges;
  ranges.set(0, 100, PROT_READ);
  ranges.protect(50, 150, PROT_NONE);
  EXPECT_EQ(parts_of(ranges), (std::vector<Part>{{0, 50, PROT_READ}, {50, 100, PROT_NONE}}));
}

TEST(StressRanges, EmptyAndNeighbouringRangesDoNothing) {
  Ranges ranges;
  ranges.set(100, 200, PROT_READ);
  ranges.set(50, 50, PROT_READ);
  ranges.remove(0, 100);
  ranges.remove(200, 300);
  ranges.remove(150, 150);
  EXPECT_EQ(parts_of(ranges), (std::vector<Part>{{100, 200, PROT_READ}}));
  ranges.remove(0, 1000);
  EXPECT_TRUE(parts_of(ranges).empty());
}

TEST(StressDelays, AreTheSameForTheSameSeedExecutionAndTask) {
  const auto held_up = [](std::uint64_t seed, std::uint64_t execution, TaskId task) {
    std::vector<bool> answers;
    // A thread of its own: a task counts its hooks from its beginning.
    std::thread([&] {
      Delays delays;
      delays.begin(seed, execution);
      for (int i = 0; i < 64; ++i) answers.push_back(delays.hold_up(task));
    }).join();
    return answers;
  };
  std::set<std::vector<bool>> different;
  for (std::uint64_t execution = 0; execution < 32; ++execution) {
    EXPECT_EQ(held_up(1, execution, 1), held_up(1, execution, 1));
    different.insert(held_up(1, execution, 1));
  }
  EXPECT_GT(different.size(), 10u);
  EXPECT_TRUE(different.count(std::vector<bool>(64, false)) == 1)
      << "some executions have no delay";
}

TEST(StressDelays, MixSpreadsNeighbours) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t a = 0; a < 16; ++a)
    for (std::uint64_t b = 0; b < 16; ++b)
      for (std::uint64_t c = 0; c < 16; ++c) seen.insert(mix(a, b, c) >> 32);
  EXPECT_EQ(seen.size(), 4096u);
}

// A thread that waits for ever until it is let go, or runs all the time.
class Thread {
 public:
  explicit Thread(bool runs) : thread_([this, runs] { body(runs); }) {
    while (id_ == 0) std::this_thread::yield();
  }
  ~Thread() {
    stop_.store(1);
    futex_wake(stop_, 1);
    thread_.join();
  }
  int id() const { return id_; }

 private:
  void body(bool runs) {
    id_.store(thread_id());
    while (stop_ == 0)
      if (!runs) futex_wait(stop_, 0);
  }
  std::atomic<std::uint32_t> stop_{0};
  std::atomic<int> id_{0};
  std::thread thread_;
};

std::int64_t asleep_after_50_ms(int thread) {
  Sleeper sleeper(0, thread);
  std::int64_t asleep = 0;
  const std::int64_t start = now_ns();
  while (now_ns() - start < 50'000'000) {
    asleep = sleeper.asleep_ns();
    sleep_ns(1'000'000);
  }
  return asleep;
}

TEST(StressSleepers, TellsWhoSleepsAndForHowLong) {
  Thread waiting(false);
  EXPECT_GT(asleep_after_50_ms(waiting.id()), 20'000'000);
  EXPECT_TRUE(waits_for_ever(0, waiting.id()));
  EXPECT_EQ(look_at(0, waiting.id()).state, 'S');
}

TEST(StressSleepers, ARunningThreadIsNotAsleep) {
  Thread running(true);
  EXPECT_LT(asleep_after_50_ms(running.id()), 20'000'000);
  EXPECT_FALSE(waits_for_ever(0, running.id()));
}

TEST(StressSleepers, ATimedSleepIsNotForEver) {
  std::atomic<int> id{0};
  std::thread sleeper([&] {
    id = thread_id();
    sleep_ns(100'000'000);
  });
  while (id == 0) std::this_thread::yield();
  sleep_ns(20'000'000);
  EXPECT_FALSE(waits_for_ever(0, id));
  sleeper.join();
}

TEST(StressSleepers, AThreadThatIsNotThere) {
  EXPECT_FALSE(look_at(0, 1 << 30).there);
  EXPECT_FALSE(waits_for_ever(0, 1 << 30));
  EXPECT_EQ(Sleeper(0, 1 << 30).asleep_ns(), -1);
  EXPECT_TRUE(threads_of(1 << 30).empty());
}

TEST(StressInvisibleLock, ExcludesThreads) {
  InvisibleLock lock;
  int counted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 5'000; ++j) {
        lock.lock();
        ++counted;
        lock.unlock();
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counted, 20'000);
}

}  // namespace
}  // namespace harness::stress_mode
