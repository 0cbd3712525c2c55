// The two programs by which tools of this kind are compared. s10: two tasks of ten atomic operations and a
// critical section each, 24 scheduling points; s6x3: three tasks of five and one. Threads are made and
// joined anew in every execution.
#include <atomic>
#include <mutex>
#include <thread>

#include "harness/scenario.hpp"

namespace {

struct Memory {
  std::atomic<int> a0{0}, a1{0}, a2{0}, a3{0};
  std::mutex mutex;
  int x = 0;

  void locked() {
    const std::lock_guard guard(mutex);
    ++x;
  }
};

void ten_steps(Memory& memory, int i) {
  memory.a0.store(1);
  memory.a1.load();
  memory.a0.fetch_add(1);
  memory.a2.store(i);
  memory.a3.load();
  int expected = 0;
  memory.a1.compare_exchange_strong(expected, i + 1);
  memory.a2.load();
  memory.a3.fetch_add(1);
  memory.locked();
  memory.a0.load();
  memory.a1.store(i);
}

void five_steps(Memory& memory, int i) {
  memory.a0.store(i + 1);
  memory.a1.load();
  memory.a0.fetch_add(1);
  memory.locked();
  memory.a1.store(i);
  memory.a0.load();
}

void s10(harness::Execution&, std::string_view) {
  Memory memory;
  std::thread first([&memory] { ten_steps(memory, 0); });
  std::thread second([&memory] { ten_steps(memory, 1); });
  first.join();
  second.join();
}

void s6x3(harness::Execution&, std::string_view) {
  Memory memory;
  std::thread first([&memory] { five_steps(memory, 0); });
  std::thread second([&memory] { five_steps(memory, 1); });
  std::thread third([&memory] { five_steps(memory, 2); });
  first.join();
  second.join();
  third.join();
}

}  // namespace

HARNESS_SCENARIO({.name = "s10", .about = "two tasks of eleven steps", .variants = {{"std", "pass"}}, .play = s10});
HARNESS_SCENARIO({.name = "s6x3", .about = "three tasks of six steps", .variants = {{"std", "pass"}}, .play = s6x3});
