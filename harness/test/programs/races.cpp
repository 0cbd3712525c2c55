// Data races and what only looks like one, for the happens-before analysis; uses of freed blocks; and plain
// accesses as scheduling points. A variant says what must come of it: a rule, or nothing.
#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <barrier>
#include <condition_variable>
#include <cstring>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#undef NDEBUG
#include <cassert>

#include "harness/scenario.hpp"

namespace {

template <class First, class Second>
void both(First first, Second second) {
  std::thread other(first);
  second();
  other.join();
}

// --- races
void counter() {
  int count = 0;
  both([&] { ++count; }, [&] { ++count; });
}
void read_and_write() {
  long value = 0;
  long seen = 0;
  both([&] { value = 1; }, [&] { seen = value; });
  assert(seen == 0 || value == seen);
}
void one_byte_of_many() {
  std::vector<char> text(16);
  both([&] { std::memset(text.data(), 1, 12); }, [&] { text[11] = 2; });
  assert(text[0] == 1 && text[11] != 0);
}
void copied_while_written() {
  char from[32] = {};
  char to[32];
  both([&] { from[31] = 1; }, [&] { std::memcpy(to, from, sizeof to); });
}
void relaxed_publication() {
  int data = 0;
  std::atomic<bool> ready{false};
  both(
      [&] {
        data = 1;
        ready.store(true, std::memory_order_relaxed);
      },
      [&] {
        if (ready.load(std::memory_order_relaxed)) data = 2;
      });
}
void two_locks() {
  std::mutex a, b;
  int value = 0;
  both([&] { std::lock_guard guard(a); ++value; }, [&] { std::lock_guard guard(b); ++value; });
}
void written_under_a_shared_lock() {
  std::shared_mutex mutex;
  int value = 0;
  both([&] { std::shared_lock guard(mutex); ++value; }, [&] { std::shared_lock guard(mutex); ++value; });
}
void plain_and_atomic() {
  alignas(8) long value = 0;
  both([&] { std::atomic_ref(value).store(1); }, [&] { value = 2; });
}
void after_detach() {
  static int value;
  std::thread([] { value = 1; }).detach();
  ++value;
}
void through_a_stale_fence() {
  int data = 0;
  std::atomic<bool> ready{false};
  both(
      [&] {
        data = 1;
        ready.store(true, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);  // too late
      },
      [&] {
        if (!ready.load(std::memory_order_relaxed)) return;
        std::atomic_thread_fence(std::memory_order_acquire);
        data = 2;
      });
}
void notified_without_the_lock() {
  std::condition_variable condition;
  int data = 0;
  both([&] { data = 1; condition.notify_one(); }, [&] { data = 2; condition.notify_one(); });
}

// --- none
void locked_counter() {
  std::mutex mutex;
  int count = 0;
  both([&] { std::lock_guard guard(mutex); ++count; }, [&] { std::lock_guard guard(mutex); ++count; });
  assert(count == 2);
}
void neighbours() {
  char bytes[8] = {};
  both([&] { bytes[3] = 1; ++bytes[3]; }, [&] { bytes[4] = 1; ++bytes[4]; });
  assert(bytes[3] == 2 && bytes[4] == 2);
}
void halves_by_turns() {
  std::mutex mutex;
  struct { int left, right; } pair = {};
  both(
      [&] {
        pair.left = 1;
        { std::lock_guard guard(mutex); pair.right = 1; }
        pair.left = 2;
      },
      [&] {
        std::lock_guard guard(mutex);
        pair.right = 2;
      });
  assert(pair.left == 2);
}
void published() {
  int data = 0;
  std::atomic<bool> ready{false};
  both(
      [&] {
        data = 1;
        ready.store(true, std::memory_order_release);
      },
      [&] {
        if (ready.load(std::memory_order_acquire)) data = 2;
      });
}
void published_by_fences() {
  int data = 0;
  std::atomic<bool> ready{false};
  both(
      [&] {
        data = 1;
        std::atomic_thread_fence(std::memory_order_release);
        ready.store(true, std::memory_order_relaxed);
      },
      [&] {
        if (!ready.load(std::memory_order_relaxed)) return;
        std::atomic_thread_fence(std::memory_order_acquire);
        data = 2;
      });
}
void release_sequence() {
  int data = 0;
  std::atomic<int> state{0};
  std::thread third([&] {
    int one = 1;
    state.compare_exchange_strong(one, 2, std::memory_order_relaxed);
  });
  both(
      [&] {
        data = 1;
        state.store(1, std::memory_order_release);
      },
      [&] {
        if (state.load(std::memory_order_acquire) == 2) data = 2;
      });
  third.join();
}
void reference_count() {
  auto shared = std::make_shared<std::string>("some text that is on the heap");
  auto copy = shared;
  both([mine = std::move(shared)]() mutable { mine->size(); mine.reset(); },
       [&] { copy->size(); copy.reset(); });
}
void condition() {
  std::mutex mutex;
  std::condition_variable ready;
  int data = 0;
  bool is_ready = false;
  both(
      [&] {
        data = 1;
        std::lock_guard guard(mutex);
        is_ready = true;
        ready.notify_one();
      },
      [&] {
        std::unique_lock lock(mutex);
        ready.wait(lock, [&] { return is_ready; });
        ++data;
      });
  assert(data == 2);
}
void semaphore() {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  int data = 0;
  both([&] { data = 1; sem_post(&semaphore); }, [&] { sem_wait(&semaphore); ++data; });
  assert(data == 2);
}
void barriers() {
  std::barrier barrier(2);
  int left = 0, right = 0;
  both([&] { left = 1; barrier.arrive_and_wait(); left += right; barrier.arrive_and_wait(); },
       [&] { right = 1; barrier.arrive_and_wait(); barrier.arrive_and_wait(); right += left; });
  assert(left == 2 && right == 3);
}
void pthread_barrier() {
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, 2);
  int left = 0, right = 0, sum = 0;
  both([&] { left = 1; pthread_barrier_wait(&barrier); sum = left + right; },
       [&] { right = 1; pthread_barrier_wait(&barrier); });
  assert(sum == 2);
}
void static_local() {
  const auto instance = []() -> int& {
    static std::unique_ptr<int> value = std::make_unique<int>(3);
    return *value;
  };
  both([&] { assert(instance() == 3); }, [&] { assert(instance() == 3); });
}
void once() {
  std::once_flag flag;
  int data = 0;
  const auto set = [&] { std::call_once(flag, [&] { data = 1; }); assert(data == 1); };
  both(set, set);
}
void readers_and_a_writer() {
  std::shared_mutex mutex;
  int data = 0;
  std::thread third([&] { std::shared_lock guard(mutex); assert(data < 2); });
  both([&] { std::shared_lock guard(mutex); assert(data < 2); },
       [&] { std::unique_lock guard(mutex); ++data; });
  third.join();
}
void waited_for() {
  int data = 0;
  std::atomic<int> ready{0};
  both([&] { data = 1; ready = 1; ready.notify_one(); }, [&] { ready.wait(0); ++data; });
  assert(data == 2);
}
void future() {
  std::string text = "nothing";
  auto result = std::async(std::launch::async, [&] { text = "something longer than short"; return 4; });
  assert(result.get() == 4);
  text += "!";
}
void latch() {
  std::latch done(2);
  int left = 0, right = 0;
  std::thread a([&] { left = 1; done.count_down(); });
  std::thread b([&] { right = 1; done.count_down(); });
  done.wait();
  assert(left + right == 2);
  a.join();
  b.join();
}
void heap_used_again() {  // the allocator hands a block from one task to the other
  std::atomic<int> turn{0};
  const auto use = [&] {
    for (int i = 0; i < 3; ++i) {
      auto block = std::make_unique<char[]>(48);
      block[0] = 1;
      turn.fetch_add(1, std::memory_order_relaxed);
      block[47] = 2;
    }
  };
  both(use, use);
}
void stack_used_again() {
  std::atomic<int> counted{0};
  for (int i = 0; i < 4; ++i) {
    std::thread([&] { volatile int local = 1; local = 2; counted.fetch_add(local, std::memory_order_relaxed); }).detach();
  }
  while (counted.load(std::memory_order_relaxed) < 8) std::this_thread::yield();
}

// --- uses of freed blocks
void use_after_free() {
  auto* const block = new int(1);
  std::atomic<bool> freed{false};
  both([&] { delete block; freed = true; }, [&] { if (freed) *const_cast<volatile int*>(block) = 2; });
}
void use_after_join() {
  auto* const block = new int(1);
  std::thread([block] { delete block; }).join();
  *const_cast<volatile int*>(block) = 2;
}
void freed_twice() {
  auto* const block = static_cast<char*>(std::malloc(10));
  both([&] { std::free(block); }, [&] { std::free(block); });
}
void freed_in_order() {
  auto* const block = new int(1);
  std::atomic<bool> done{false};
  both([&] { *block = 2; done = true; }, [&] { while (!done) {} delete block; });
}

// --- what only an interleaving of plain accesses shows
void lost_update() {
  int count = 0;
  both([&] { ++count; }, [&] { ++count; });
  assert(count == 2);
}
void set_half_way() {  // reorder: a checker between two writes
  int a = 0, b = 0;
  both([&] { a = 1; b = -1; }, [&] { assert((a == 0 && b == 0) || (a == 1 && b == -1)); });
}
void plain_flag() {  // a loop without any synchronisation ends all the same
  static int flag;
  static int data;
  both([&] { data = 1; flag = 1; },
       [&] { while (*const_cast<volatile int*>(&flag) == 0) {} assert(data == 1); });
}

struct Test {
  const char* name;
  const char* expected;
  void (*run)();
};
constexpr Test tests[] = {
    {"counter", "data-race", counter},
    {"read-and-write", "data-race", read_and_write},
    {"one-byte-of-many", "data-race", one_byte_of_many},
    {"copied-while-written", "data-race", copied_while_written},
    {"relaxed-publication", "data-race", relaxed_publication},
    {"two-locks", "data-race", two_locks},
    {"written-under-a-shared-lock", "data-race", written_under_a_shared_lock},
    {"plain-and-atomic", "data-race", plain_and_atomic},
    {"after-detach", "data-race", after_detach},
    {"through-a-stale-fence", "data-race", through_a_stale_fence},
    {"notified-without-the-lock", "data-race", notified_without_the_lock},
    {"locked-counter", "pass", locked_counter},
    {"neighbours", "pass", neighbours},
    {"halves-by-turns", "pass", halves_by_turns},
    {"published", "pass", published},
    {"published-by-fences", "pass", published_by_fences},
    {"release-sequence", "pass", release_sequence},
    {"reference-count", "pass", reference_count},
    {"condition", "pass", condition},
    {"semaphore", "pass", semaphore},
    {"barriers", "pass", barriers},
    {"pthread-barrier", "pass", pthread_barrier},
    {"static-local", "pass", static_local},
    {"once", "pass", once},
    {"readers-and-a-writer", "pass", readers_and_a_writer},
    {"waited-for", "pass", waited_for},
    {"future", "pass", future},
    {"latch", "pass", latch},
    {"heap-used-again", "pass", heap_used_again},
    {"stack-used-again", "pass", stack_used_again},
    {"use-after-free", "heap-use-after-free", use_after_free},
    {"use-after-join", "heap-use-after-free", use_after_join},
    {"freed-twice", "double-free", freed_twice},
    {"freed-in-order", "pass", freed_in_order},
    {"lost-update", "assertion", lost_update},
    {"set-half-way", "assertion", set_half_way},
    {"plain-flag", "data-race", plain_flag},
};

void play(harness::Execution&, std::string_view variant) {
  for (const Test& test : tests)
    if (variant == test.name) return test.run();
}

std::vector<harness::Variant> variants() {
  std::vector<harness::Variant> all;
  for (const Test& test : tests) all.push_back({test.name, test.expected});
  return all;
}

}  // namespace

HARNESS_SCENARIO({
    .name = "races",
    .about = "data races, and what only looks like one",
    .variants = variants(),
    .play = play,
});
