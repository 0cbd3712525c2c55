// What the standard library offers for threads, used rightly: every variant must pass under every
// interleaving, and be observed (the assertions inside would fail if an operation did not do its work).
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>

#include <atomic>
#include <barrier>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#undef NDEBUG
#include <cassert>

#include "harness/scenario.hpp"

namespace {

using namespace std::chrono_literals;

template <class T>
void every_atomic_operation() {
  std::atomic<T> a{5};
  assert(a.load() == 5);
  a.store(7, std::memory_order_relaxed);
  assert(a.exchange(9, std::memory_order_acq_rel) == 7);
  assert(a.fetch_add(3) == 9 && a.fetch_sub(2) == 12 && a.fetch_and(T{6}) == 10);
  assert(a.fetch_or(T{8}) == 2 && a.fetch_xor(T{3}) == 10 && a.load() == 9);
  T wanted = 1;
  assert(!a.compare_exchange_strong(wanted, 2) && wanted == 9);
  assert(a.compare_exchange_weak(wanted, 100, std::memory_order_acquire, std::memory_order_relaxed));
  assert(a == 100);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

void atomics(harness::Execution&) {
  every_atomic_operation<unsigned char>();
  every_atomic_operation<short>();
  every_atomic_operation<int>();
  every_atomic_operation<long>();
  std::atomic<bool> flag{false};
  assert(!flag.exchange(true) && flag);
  std::atomic<double> real{1.5};
  real.fetch_add(1.0);
  assert(real == 2.5);
  std::atomic_flag lock = ATOMIC_FLAG_INIT;
  assert(!lock.test_and_set() && lock.test_and_set());
  int plain = 1;
  std::atomic_ref<int>(plain).fetch_add(1);
  assert(plain == 2);
}

struct alignas(16) Pair {
  std::uint64_t first, second;
  bool operator==(const Pair&) const = default;
};

void sixteen_bytes(harness::Execution& run) {
  static std::atomic<Pair> pair;
  pair.store({1, 1});
  for (const char* name : {"first", "second"})
    run.spawn(name, [] {
      Pair seen = pair.load();
      while (!pair.compare_exchange_weak(seen, {seen.first + 1, seen.second + 1})) {
      }
    });
  run.join();
  assert((pair.load() == Pair{3, 3}));
}

void mutexes(harness::Execution& run) {
  std::mutex mutex;
  std::recursive_mutex recursive;
  std::timed_mutex timed;
  int counter = 0;
  const auto work = [&] {
    const std::lock_guard outer(recursive);
    const std::scoped_lock both(mutex, recursive);
    ++counter;
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.spawn("third", [&] {
    if (timed.try_lock_for(10ms)) timed.unlock();
    if (mutex.try_lock()) mutex.unlock();
  });
  run.join();
  assert(counter == 2);
}

void shared_mutexes(harness::Execution& run) {
  std::shared_mutex mutex;
  std::shared_timed_mutex timed;
  int value = 0;
  int copies = 0;
  run.spawn("writer", [&] {
    const std::unique_lock lock(mutex);
    ++value;
    ++value;
  });
  run.spawn("reader", [&] {
    const std::shared_lock lock(mutex);
    copies += value % 2;
  });
  run.spawn("other", [&] {
    const std::shared_lock lock(timed, 1ms);
    assert(lock.owns_lock());
  });
  run.join();
  assert(value == 2 && copies == 0);
}

void conditions(harness::Execution& run) {
  std::mutex mutex;
  std::condition_variable condition;
  std::condition_variable_any any;
  int stage = 0;
  run.spawn("waiter", [&] {
    std::unique_lock lock(mutex);
    condition.wait(lock, [&] { return stage == 1; });
    stage = 2;
    any.notify_all();
  });
  run.spawn("signaller", [&] {
    std::unique_lock lock(mutex);
    stage = 1;
    condition.notify_one();
    any.wait(lock, [&] { return stage == 2; });
  });
  run.join();
  assert(stage == 2);
}

void timed_wait(harness::Execution& run) {
  std::mutex mutex;
  std::condition_variable condition;
  run.spawn("waiter", [&] {
    std::unique_lock lock(mutex);
    const auto before = std::chrono::steady_clock::now();
    const bool ready = condition.wait_for(lock, 1h, [] { return false; });
    assert(!ready && std::chrono::steady_clock::now() - before >= 1h);
  });
  run.spawn("sleeper", [] { std::this_thread::sleep_for(24h); });
  run.join();
}

void once_and_static(harness::Execution& run) {
  static std::once_flag flag;
  static std::atomic<int> calls;
  static std::atomic<int> made;
  const auto work = [] {
    std::call_once(flag, [] { calls.fetch_add(1); });
    static const int value = made.fetch_add(1) + 40;
    assert(value == 40 && calls == 1);
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(calls == 1 && made == 1);
}

void call_once_with_exception(harness::Execution& run) {
  std::once_flag flag;
  std::atomic<int> attempts{0};
  std::atomic<int> failures{0};
  const auto work = [&] {
    try {
      std::call_once(flag, [&] {
        if (attempts.fetch_add(1) == 0) throw std::runtime_error("first attempt");
      });
    } catch (const std::runtime_error&) {
      failures.fetch_add(1);
    }
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(attempts == 2 && failures == 1);
}

void atomic_wait(harness::Execution& run) {
  std::atomic<int> word{0};
  run.spawn("waiter", [&] {
    word.wait(0);
    assert(word == 1);
  });
  run.spawn("notifier", [&] {
    word.store(1);
    word.notify_all();
  });
  run.join();
}

void semaphores(harness::Execution& run) {
  std::counting_semaphore<4> items{0};
  sem_t posix;
  assert(sem_init(&posix, 0, 0) == 0);
  run.spawn("consumer", [&] {
    items.acquire();
    assert(sem_wait(&posix) == 0);
    assert(sem_trywait(&posix) != 0);
  });
  run.spawn("producer", [&] {
    items.release();
    sem_post(&posix);
  });
  run.join();
}

void latch_and_barrier(harness::Execution& run) {
  std::latch latch(2);
  std::barrier barrier(2);
  std::atomic<int> arrived{0};
  const auto work = [&] {
    arrived.fetch_add(1);
    latch.arrive_and_wait();
    assert(arrived == 2);
    barrier.arrive_and_wait();
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
}

void pthread_barrier(harness::Execution& run) {
  pthread_barrier_t barrier;
  assert(pthread_barrier_init(&barrier, nullptr, 2) == 0);
  std::atomic<int> serial{0};
  const auto work = [&] {
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) serial.fetch_add(1);
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(serial == 1);
}

void threads_and_futures(harness::Execution&) {
  std::vector<std::thread> threads;
  std::atomic<int> sum{0};
  for (int i = 1; i <= 3; ++i) threads.emplace_back([&sum, i] { sum.fetch_add(i); });
  for (std::thread& thread : threads) thread.join();
  assert(sum == 6);
  std::future<int> later = std::async(std::launch::async, [] { return 42; });
  assert(later.get() == 42);
  std::promise<int> promise;
  std::jthread setter([&] { promise.set_exception(std::make_exception_ptr(std::runtime_error("no"))); });
  try {
    promise.get_future().get();
    assert(false);
  } catch (const std::runtime_error& error) {
    assert(std::string(error.what()) == "no");
  }
}

struct Counted {
  static inline std::atomic<int> alive{0};
  Counted() { alive.fetch_add(1); }
  ~Counted() { alive.fetch_sub(1); }
  int value = 0;
};

thread_local Counted counted;
thread_local int plain = 7;

void thread_locals(harness::Execution&) {
  const auto work = [] {
    assert(plain == 7 && counted.value == 0);
    plain = 8;
    counted.value = 1;
  };
  std::thread(work).join();
  assert(Counted::alive == 0);
  std::thread(work).join();
  assert(Counted::alive == 0);
}

void keys(harness::Execution&) {
  static std::atomic<int> destroyed;
  pthread_key_t key;
  assert(pthread_key_create(&key, [](void*) { destroyed.fetch_add(1); }) == 0);
  std::thread([key] {
    assert(pthread_getspecific(key) == nullptr);
    static int value;
    assert(pthread_setspecific(key, &value) == 0 && pthread_getspecific(key) == &value);
  }).join();
  assert(destroyed == 1);
  assert(pthread_key_delete(key) == 0);
}

void leave_early(harness::Execution&) {
  static std::atomic<int> unwound;
  struct Guard {
    ~Guard() { unwound.fetch_add(1); }
  };
  pthread_t thread;
  const auto routine = [](void*) -> void* {
    const Guard guard;
    pthread_exit(&unwound);
  };
  assert(pthread_create(&thread, nullptr, routine, nullptr) == 0);
  void* result = nullptr;
  assert(pthread_join(thread, &result) == 0);
  assert(result == &unwound && unwound == 1);
}

void detached(harness::Execution&) {
  auto done = std::make_shared<std::atomic<bool>>(false);
  std::thread([done] { done->store(true); done->notify_one(); }).detach();
  done->wait(false);
}

void memory(harness::Execution& run) {
  constexpr std::size_t bytes = 1 << 20;
  run.spawn("mapper", [] {
    for (int round = 0; round < 2; ++round) {
      void* const block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      assert(block != MAP_FAILED);
      auto* const data = static_cast<unsigned char*>(block);
      for (std::size_t at = 0; at < bytes; at += 4096) assert(data[at] == 0);
      data[5000] = 1;
      std::string text(5000, 'x');
      text.copy(reinterpret_cast<char*>(data + 8192), text.size());
      assert(data[8192 + 4999] == 'x' && data[8192 + 5000] == 0);
      assert(madvise(block, bytes, MADV_DONTNEED) == 0 && data[5000] == 0);
      assert(munmap(block, bytes) == 0);
    }
  });
  run.join();
  std::map<std::string, std::vector<int>> heap;
  for (int i = 0; i < 50; ++i) heap[std::to_string(i)].resize(static_cast<std::size_t>(i) * 40);
  void* aligned = nullptr;
  assert(posix_memalign(&aligned, 4096, 100) == 0 && reinterpret_cast<std::uintptr_t>(aligned) % 4096 == 0);
  aligned = realloc(aligned, 100'000);
  free(aligned);
  auto* zeroed = static_cast<char*>(calloc(100, 10));
  assert(zeroed[999] == 0);
  free(zeroed);
}

void exceptions(harness::Execution& run) {
  const auto work = [] {
    for (int i = 0; i < 3; ++i) try {
        throw std::runtime_error(std::to_string(i));
      } catch (const std::exception& error) {
        std::atomic<int> between{i};
        assert(error.what() == std::to_string(between.load()));
      }
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
}

void spin_lock(harness::Execution& run) {
  std::atomic<bool> locked{false};
  int counter = 0;
  const auto work = [&] {
    while (locked.exchange(true)) std::this_thread::yield();
    ++counter;
    locked.store(false);
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(counter == 2);
}

void bounded_polling(harness::Execution& run) {
  std::atomic<int> flag{0};
  int seen = 0;
  run.spawn("poller", [&] {
    for (int i = 0; i < 20; ++i) seen += flag.load();  // looks like spinning, and ends by itself
  });
  run.join();
  assert(seen == 0);
}

const std::map<std::string_view, void (*)(harness::Execution&)> programs = {
    {"atomics", atomics},
    {"sixteen-bytes", sixteen_bytes},
    {"mutexes", mutexes},
    {"shared-mutexes", shared_mutexes},
    {"conditions", conditions},
    {"timed-wait", timed_wait},
    {"once-and-static", once_and_static},
    {"call-once-with-exception", call_once_with_exception},
    {"atomic-wait", atomic_wait},
    {"semaphores", semaphores},
    {"latch-and-barrier", latch_and_barrier},
    {"pthread-barrier", pthread_barrier},
    {"threads-and-futures", threads_and_futures},
    {"thread-locals", thread_locals},
    {"keys", keys},
    {"leave-early", leave_early},
    {"detached", detached},
    {"memory", memory},
    {"exceptions", exceptions},
    {"spin-lock", spin_lock},
    {"bounded-polling", bounded_polling},
};

std::vector<harness::Variant> variants() {
  std::vector<harness::Variant> all;
  for (const auto& [name, program] : programs) all.push_back({std::string(name), "pass"});
  return all;
}

}  // namespace

HARNESS_SCENARIO({
    .name = "surface",
    .about = "threads, atomics, locks and memory, used rightly",
    .variants = variants(),
    .play = [](harness::Execution& run, std::string_view variant) { programs.at(variant)(run); },
});
