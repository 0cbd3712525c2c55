// Programs whose Mazurkiewicz traces can be counted; engine_traces_test.cpp says how many there
// are.
#include <semaphore.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/scenario.hpp"

namespace {

std::atomic<int> variables[32];
std::mutex mutex;
int plain;

void each(harness::Execution& run, int tasks, const std::function<void(int)>& body) {
  for (int task = 0; task < tasks; ++task)
    run.spawn("task-" + std::to_string(task), [&body, task] { body(task); });
  run.join();
}

void section() {
  const std::lock_guard lock(mutex);
  ++plain;
}

// Two tasks, four shared variables, a mutex: 24 scheduling points, 722 traces.
void s10(int task) {
  variables[0].store(1);
  static_cast<void>(variables[1].load());
  variables[0].fetch_add(1);
  variables[2].store(task);
  static_cast<void>(variables[3].load());
  int none = 0;
  variables[1].compare_exchange_strong(none, task + 1);
  static_cast<void>(variables[2].load());
  variables[3].fetch_add(1);
  section();
  static_cast<void>(variables[0].load());
  variables[1].store(task);
}

// Three tasks of six steps, one of them a mutex section: 4182.
void s6x3(int task) {
  variables[0].store(1);
  static_cast<void>(variables[1].load());
  variables[2].store(task);
  section();
  static_cast<void>(variables[0].load());
  variables[1].store(task);
}

// A table of 128 cells that only the last tasks of many collide in.
void indexer(int task) {
  static std::atomic<int> table[128];
  for (int message = 1; message <= 4; ++message) {
    const int word = message * 11 + task;
    int cell = word * 7 % 128;
    for (int empty = 0; !table[cell].compare_exchange_strong(empty, word); empty = 0)
      cell = (cell + 1) % 128;
  }
}

// Task 0 looks for the last cell that is zero; task i makes cell i one more than the one before.
void lastzero(int task, int last) {
  if (task != 0) return variables[task].store(variables[task - 1].load() + 1);
  for (int i = last; i >= 0 && variables[i].load() != 0;) --i;
}

void fibonacci(int task, int rounds) {
  for (int i = 0; i < rounds; ++i)
    variables[task].store(variables[task].load() + variables[1 - task].load());
}

// Somebody looks at both while they grow: 218 243 for five rounds.
void watched_fibonacci(int task, int rounds) {
  if (task != 2) return fibonacci(task, rounds);
  static_cast<void>(variables[0].load());
  static_cast<void>(variables[1].load());
}

std::atomic<int> ticket_next, ticket_now;
void ticket_lock(int) {
  const int mine = ticket_next.fetch_add(1);
  while (ticket_now.load() != mine) {
  }
  ++plain;
  ticket_now.store(mine + 1);
}

std::condition_variable condition;
bool ready;
void hand_over(int task) {
  std::unique_lock lock(mutex);
  if (task == 0) {
    ready = true;
    condition.notify_all();
    return;
  }
  condition.wait(lock, [] { return ready; });
}

// The first one waits for an hour at most; the others notify once.
void timed_hand_over(int task) {
  std::unique_lock lock(mutex);
  if (task == 0)
    condition.wait_for(lock, std::chrono::hours(1));
  else
    condition.notify_one();
}

// Twice nobody wakes the first one: what it reads in between may be of before, and after, of either
// store.
void timed_twice(int task) {
  if (task != 0) {
    for (int i = 0; i < 4; ++i) variables[i].store(1);
    return;
  }
  std::unique_lock lock(mutex);
  condition.wait_for(lock, std::chrono::hours(1));
  const int first = variables[1].load();
  condition.wait_for(lock, std::chrono::hours(1));
  if (first == 1 && variables[3].load() == 0) std::abort();
}

// Looks as if it waited for the other's store, and counts how often it was there.
void polls(int task, int times) {
  if (task != 0) return variables[0].store(1);
  for (int i = 0; i < times; ++i) plain += variables[0].load();
}

sem_t semaphore;
void semaphore_section(int) {
  sem_wait(&semaphore);
  ++plain;
  sem_post(&semaphore);
}

std::shared_mutex shared_mutex;
void read_or_write(int task) {
  if (task == 0) {
    const std::unique_lock lock(shared_mutex);
    ++plain;
  } else {
    const std::shared_lock lock(shared_mutex);
  }
}

void philosopher(int task, int count) {
  static std::mutex forks[8];
  const int left = task, right = (task + 1) % count;
  const std::lock_guard first(forks[std::min(left, right)]);
  const std::lock_guard second(forks[std::max(left, right)]);
}

void threads_of_its_own(int count) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([] { variables[0].fetch_add(1); });
  for (std::thread& thread : threads) thread.join();
}

void map_and_unmap(int) {
  void* const page =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page, 4096);
}

int number_in(std::string_view variant) {
  const std::size_t dash = variant.rfind('-');
  return dash == std::string_view::npos ? 0
                                        : std::atoi(std::string(variant.substr(dash + 1)).c_str());
}

void play(harness::Execution& run, std::string_view variant) {
  const int n = number_in(variant);
  const auto is = [&](std::string_view name) { return variant.starts_with(name); };
  if (is("s10")) return each(run, 2, s10);
  if (is("s6x3")) return each(run, 3, s6x3);
  if (is("ainc")) return each(run, n, [](int) { variables[0].fetch_add(1); });
  if (is("lockinc")) return each(run, n, [](int) { section(); });
  if (is("readers"))
    return each(run, n + 1, [](int task) {
      task == 0 ? variables[0].store(1) : static_cast<void>(variables[0].load());
    });
  if (is("casrot"))
    return each(run, n, [](int task) {
      int before = task;
      variables[0].compare_exchange_strong(before, task + 1);
    });
  if (is("cinc"))
    return each(run, n, [](int) {
      for (int i = 0; i < 3; ++i) variables[i].fetch_add(1);
    });
  if (is("indexer")) return each(run, n, indexer);
  if (is("lastzero")) return each(run, n + 1, [n](int task) { lastzero(task, n); });
  if (is("fibonacci")) return each(run, 2, [n](int task) { fibonacci(task, n); });
  if (is("fib-bench")) return each(run, 3, [n](int task) { watched_fibonacci(task, n); });
  if (is("ticket")) return each(run, n, ticket_lock);
  if (is("polls")) return each(run, 2, [n](int task) { polls(task, n); });
  if (is("timed-twice")) return each(run, 2, timed_twice);
  if (is("timed-condition")) return each(run, n, timed_hand_over);
  if (is("condition")) return each(run, n, hand_over);
  if (is("semaphore")) {
    sem_init(&semaphore, 0, 1);
    return each(run, n, semaphore_section);
  }
  if (is("shared-mutex")) return each(run, n + 1, read_or_write);
  if (is("philosophers")) return each(run, n, [n](int task) { philosopher(task, n); });
  if (is("threads")) return threads_of_its_own(n);
  if (is("map")) return each(run, n, map_and_unmap);
  std::abort();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "traces",
    .about = "programs whose Mazurkiewicz traces can be counted",
    .variants = {{"s10", "pass"},
                 {"s6x3", "pass"},
                 {"ainc-4", "pass"},
                 {"ainc-7", "pass"},
                 {"lockinc-4", "pass"},
                 {"lockinc-7", "pass"},
                 {"readers-6", "pass"},
                 {"readers-13", "pass"},
                 {"casrot-5", "pass"},
                 {"casrot-9", "pass"},
                 {"cinc-2", "pass"},
                 {"cinc-3", "pass"},
                 {"cinc-4", "pass"},
                 {"indexer-12", "pass"},
                 {"indexer-15", "pass"},
                 {"lastzero-5", "pass"},
                 {"lastzero-15", "pass"},
                 {"fibonacci-3", "pass"},
                 {"fibonacci-6", "pass"},
                 {"ticket-2", "pass"},
                 {"condition-2", "pass"},
                 {"semaphore-4", "pass"},
                 {"shared-mutex-3", "pass"},
                 {"philosophers-3", "pass"},
                 {"threads-4", "pass"},
                 {"map-2", "pass"},
                 {"fib-bench-5", "pass"},
                 {"timed-condition-2", "pass"},
                 {"timed-condition-3", "pass"},
                 {"timed-twice", "crash"},
                 {"polls-20", "pass"}},
    .play = play,
});
