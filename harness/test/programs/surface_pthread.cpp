// What pthreads offer, line by line, used rightly: every variant must pass under every interleaving, and the
// assertions inside would fail if a call did not do its work. What must not pass says so below. Here: threads and what
// they wait for; their ends are in surface_pthread_ends.cpp.
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <vector>

#include "harness/test/programs/pthreads.hpp"
#include "harness/test/programs/table.hpp"

namespace {

using harness::test::in_ms;
using harness::test::start;

// --- joining

void joins(harness::Execution&) {
  std::atomic<bool> go{false};
  auto body = [&] { go.wait(false); };
  const pthread_t thread = start(body);
  assert(pthread_tryjoin_np(thread, nullptr) == EBUSY);
  const timespec soon = in_ms(CLOCK_REALTIME, 5);
  assert(pthread_timedjoin_np(thread, nullptr, &soon) == ETIMEDOUT);
  const timespec later = in_ms(CLOCK_MONOTONIC, 5);
  assert(pthread_clockjoin_np(thread, nullptr, CLOCK_MONOTONIC, &later) == ETIMEDOUT);
  go = true;
  go.notify_all();
  void* result = nullptr;
  assert(pthread_join(thread, &result) == 0 && result == &body);
  assert(pthread_join(thread, nullptr) == ESRCH);
  assert(pthread_join(pthread_self(), nullptr) == EDEADLK);
}

void try_join(harness::Execution&) {
  std::atomic<int> ended{0};
  auto body = [&] { ended = 1; };
  const pthread_t thread = start(body);
  int error = EBUSY;
  while (error == EBUSY) error = pthread_tryjoin_np(thread, nullptr);
  assert(error == 0 && ended == 1);
}

void detaches(harness::Execution&) {
  static std::atomic<int> ended;
  auto body = [] { ended.fetch_add(1); };
  const pthread_t thread = start(body);
  assert(pthread_detach(thread) == 0);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  start(body, &attributes);
  while (ended != 2) sched_yield();
}

void identity(harness::Execution&) {
  const pthread_t main = pthread_self();
  std::atomic<pthread_t> inside{};
  auto body = [&] { inside = pthread_self(); };
  const pthread_t thread = start(body);
  assert(pthread_equal(main, pthread_self()) && !pthread_equal(main, thread));
  assert(pthread_join(thread, nullptr) == 0 && pthread_equal(inside, thread));
  assert(pthread_setname_np(pthread_self(), "a-name") == 0);
}

// --- stacks

[[gnu::noinline]] int deep(int depth) {
  volatile char frame[4096];
  frame[0] = 1;
  frame[sizeof frame - 1] = static_cast<char>(depth);
  return depth == 0 ? 0 : deep(depth - 1) + frame[0];
}

void large_stack(harness::Execution&) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  assert(pthread_attr_setstacksize(&attributes, std::size_t{48} << 20) == 0);
  int reached = 0;
  auto body = [&] {
    pthread_attr_t mine;
    std::size_t bytes = 0;
    assert(pthread_getattr_np(pthread_self(), &mine) == 0);
    assert(pthread_attr_getstacksize(&mine, &bytes) == 0 && bytes >= std::size_t{48} << 20);
    pthread_attr_destroy(&mine);
    reached = deep(10'000);  // 40 MiB
  };
  auto usual = [] { assert(deep(1'500) == 1'500); };  // 6 MiB
  const pthread_t thread = start(body, &attributes);
  const pthread_t other = start(usual);
  assert(pthread_join(thread, nullptr) == 0 && reached == 10'000);
  assert(pthread_join(other, nullptr) == 0);
}

// --- mutexes

pthread_mutex_t mutex_of(int type, bool robust = false) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  if (robust) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_t mutex;
  assert(pthread_mutex_init(&mutex, &attributes) == 0);
  return mutex;
}

void mutex_kinds(harness::Execution&) {
  pthread_mutex_t normal = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_t checked = mutex_of(PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_t recursive = mutex_of(PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_t adaptive = mutex_of(PTHREAD_MUTEX_ADAPTIVE_NP);
  assert(pthread_mutex_lock(&normal) == 0 && pthread_mutex_trylock(&normal) == EBUSY);
  const timespec soon = in_ms(CLOCK_REALTIME, 3);
  assert(pthread_mutex_timedlock(&normal, &soon) == ETIMEDOUT);
  const timespec later = in_ms(CLOCK_MONOTONIC, 3);
  assert(pthread_mutex_clocklock(&normal, CLOCK_MONOTONIC, &later) == ETIMEDOUT);
  assert(pthread_mutex_unlock(&normal) == 0 && pthread_mutex_destroy(&normal) == 0);

  assert(pthread_mutex_lock(&checked) == 0 && pthread_mutex_lock(&checked) == EDEADLK);
  assert(pthread_mutex_trylock(&checked) == EBUSY);
  int stranger = 0;
  auto body = [&] { stranger = pthread_mutex_unlock(&checked); };
  assert(pthread_join(start(body), nullptr) == 0 && stranger == EPERM);
  assert(pthread_mutex_unlock(&checked) == 0 && pthread_mutex_unlock(&checked) == EPERM);

  for (int i = 0; i < 3; ++i) assert(pthread_mutex_lock(&recursive) == 0);
  assert(pthread_mutex_trylock(&recursive) == 0);
  int attempt = 0;
  auto other = [&] { attempt = pthread_mutex_trylock(&recursive); };
  for (int i = 0; i < 4; ++i) {
    assert(pthread_join(start(other), nullptr) == 0 && attempt == EBUSY);
    assert(pthread_mutex_unlock(&recursive) == 0);
  }
  assert(pthread_mutex_unlock(&recursive) == EPERM);
  assert(pthread_mutex_lock(&adaptive) == 0 && pthread_mutex_unlock(&adaptive) == 0);
}

// The owner ends with the mutex locked; who comes next is told, and makes it whole again.
void robust_mutex(harness::Execution&) {
  pthread_mutex_t mutex = mutex_of(PTHREAD_MUTEX_NORMAL, true);
  auto owner = [&] { assert(pthread_mutex_lock(&mutex) == 0); };
  int told = 0;
  auto heir = [&] {
    const int error = pthread_mutex_lock(&mutex);
    if (error == EOWNERDEAD) {
      ++told;
      assert(pthread_mutex_consistent(&mutex) == 0);
    } else {
      assert(error == 0);
    }
    assert(pthread_mutex_unlock(&mutex) == 0);
  };
  const std::array threads = {start(owner), start(heir), start(heir)};
  for (const pthread_t thread : threads) assert(pthread_join(thread, nullptr) == 0);
  if (told == 0) {  // both were there before the owner
    assert(pthread_mutex_lock(&mutex) == EOWNERDEAD && pthread_mutex_consistent(&mutex) == 0);
    assert(pthread_mutex_unlock(&mutex) == 0);
  }
  assert(told <= 1 && pthread_mutex_lock(&mutex) == 0);
  assert(pthread_mutex_consistent(&mutex) == EINVAL && pthread_mutex_unlock(&mutex) == 0);
}

void robust_mutex_lost(harness::Execution&) {
  pthread_mutex_t mutex = mutex_of(PTHREAD_MUTEX_NORMAL, true);
  auto owner = [&] { assert(pthread_mutex_lock(&mutex) == 0); };
  assert(pthread_join(start(owner), nullptr) == 0);
  assert(pthread_mutex_trylock(&mutex) == EOWNERDEAD);
  assert(pthread_mutex_unlock(&mutex) == 0);  // without making it consistent
  assert(pthread_mutex_lock(&mutex) == ENOTRECOVERABLE);
  assert(pthread_mutex_trylock(&mutex) == ENOTRECOVERABLE);
  assert(pthread_mutex_destroy(&mutex) == 0);
}

// --- reader-writer locks

void rwlocks(harness::Execution&) {
  pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
  assert(pthread_rwlock_rdlock(&lock) == 0 && pthread_rwlock_tryrdlock(&lock) == 0);
  assert(pthread_rwlock_trywrlock(&lock) == EBUSY);
  timespec soon = in_ms(CLOCK_REALTIME, 2);
  assert(pthread_rwlock_timedwrlock(&lock, &soon) == ETIMEDOUT);
  soon = in_ms(CLOCK_MONOTONIC, 2);
  assert(pthread_rwlock_clockwrlock(&lock, CLOCK_MONOTONIC, &soon) == ETIMEDOUT);
  assert(pthread_rwlock_unlock(&lock) == 0 && pthread_rwlock_unlock(&lock) == 0);
  assert(pthread_rwlock_wrlock(&lock) == 0);
  assert(pthread_rwlock_wrlock(&lock) == EDEADLK && pthread_rwlock_rdlock(&lock) == EDEADLK);
  int attempt = 0;
  auto reader = [&] {
    attempt = pthread_rwlock_tryrdlock(&lock);
    timespec until = in_ms(CLOCK_REALTIME, 2);
    assert(pthread_rwlock_timedrdlock(&lock, &until) == ETIMEDOUT);
    until = in_ms(CLOCK_MONOTONIC, 2);
    assert(pthread_rwlock_clockrdlock(&lock, CLOCK_MONOTONIC, &until) == ETIMEDOUT);
  };
  assert(pthread_join(start(reader), nullptr) == 0 && attempt == EBUSY);
  assert(pthread_rwlock_unlock(&lock) == 0 && pthread_rwlock_destroy(&lock) == 0);
}

// Nobody is preferred: a reader may pass a writer that waits, and need not.
void no_writer_preference(harness::Execution& run) {
  static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
  int value = 0;
  run.spawn("writer", [&] {
    assert(pthread_rwlock_wrlock(&lock) == 0);
    value = 1;
    assert(pthread_rwlock_unlock(&lock) == 0);
  });
  run.spawn("reader", [&] {
    assert(pthread_rwlock_rdlock(&lock) == 0);
    const int first = value;
    assert(pthread_rwlock_rdlock(&lock) == 0);  // deadlocks where writers are preferred
    assert(value == first);
    pthread_rwlock_unlock(&lock);
    pthread_rwlock_unlock(&lock);
  });
  run.join();
}

// --- conditions

void conditions(harness::Execution& run) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  assert(pthread_cond_init(&condition, &attributes) == 0);
  int ready = 0;
  const auto waiter = [&] {
    pthread_mutex_lock(&mutex);
    while (ready == 0) assert(pthread_cond_wait(&condition, &mutex) == 0);
    pthread_mutex_unlock(&mutex);
  };
  run.spawn("first", waiter);
  run.spawn("second", waiter);
  run.spawn("waker", [&] {
    pthread_mutex_lock(&mutex);
    ready = 1;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
  });
  run.join();
  pthread_mutex_lock(&mutex);
  timespec soon = in_ms(CLOCK_MONOTONIC, 2);
  int error = 0;
  while (error == 0) error = pthread_cond_timedwait(&condition, &mutex, &soon);
  assert(error == ETIMEDOUT);
  soon = in_ms(CLOCK_REALTIME, 2);
  for (error = 0; error == 0;)
    error = pthread_cond_clockwait(&condition, &mutex, CLOCK_REALTIME, &soon);
  assert(error == ETIMEDOUT);
  soon.tv_nsec = -1;
  assert(pthread_cond_timedwait(&condition, &mutex, &soon) == EINVAL);
  pthread_mutex_unlock(&mutex);
  assert(pthread_cond_destroy(&condition) == 0);
}

// Right but for a wait that ends by itself.
void wait_without_loop(harness::Execution& run) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  bool ready = false;
  run.spawn("waiter", [&] {
    pthread_mutex_lock(&mutex);
    if (!ready) pthread_cond_wait(&condition, &mutex);
    assert(ready);
    pthread_mutex_unlock(&mutex);
  });
  run.spawn("waker", [&] {
    pthread_mutex_lock(&mutex);
    ready = true;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
  });
  run.join();
}

// --- barriers, spin locks, semaphores

void barrier_twice(harness::Execution& run) {
  pthread_barrier_t barrier;
  assert(pthread_barrier_init(&barrier, nullptr, 0) == EINVAL);
  assert(pthread_barrier_init(&barrier, nullptr, 2) == 0);
  std::atomic<int> serial{0};
  std::atomic<int> arrived{0};
  const auto work = [&] {
    for (int round = 1; round <= 2; ++round) {
      arrived.fetch_add(1);
      if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) serial.fetch_add(1);
      assert(arrived >= 2 * round);
    }
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(serial == 2 && pthread_barrier_destroy(&barrier) == 0);
}

void spin_locks(harness::Execution& run) {
  pthread_spinlock_t lock;
  assert(pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE) == 0);
  int counter = 0;
  const auto work = [&] {
    pthread_spin_lock(&lock);
    ++counter;
    pthread_spin_unlock(&lock);
    if (pthread_spin_trylock(&lock) == 0) pthread_spin_unlock(&lock);
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(counter == 2 && pthread_spin_trylock(&lock) == 0 && pthread_spin_trylock(&lock) == EBUSY);
}

void semaphores(harness::Execution&) {
  sem_t semaphore;
  assert(sem_init(&semaphore, 0, UINT_MAX) == -1 && errno == EINVAL);
  assert(sem_init(&semaphore, 0, 1) == 0);
  int value = -1;
  assert(sem_getvalue(&semaphore, &value) == 0 && value == 1);
  assert(sem_wait(&semaphore) == 0 && sem_trywait(&semaphore) == -1 && errno == EAGAIN);
  timespec soon = in_ms(CLOCK_REALTIME, 2);
  assert(sem_timedwait(&semaphore, &soon) == -1 && errno == ETIMEDOUT);
  soon = in_ms(CLOCK_MONOTONIC, 2);
  assert(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &soon) == -1 && errno == ETIMEDOUT);
  auto poster = [&] { assert(sem_post(&semaphore) == 0); };
  const pthread_t thread = start(poster);
  assert(sem_wait(&semaphore) == 0);
  assert(pthread_join(thread, nullptr) == 0);
  assert(sem_init(&semaphore, 0, SEM_VALUE_MAX) == 0);
  assert(sem_post(&semaphore) == -1 && errno == EOVERFLOW && sem_destroy(&semaphore) == 0);
}

// Made before the execution, by static initialisers.
struct MadeEarly {
  MadeEarly() {
    sem_init(&semaphore, 0, 1);
    pthread_barrier_init(&barrier, nullptr, 2);
  }
  sem_t semaphore;
  pthread_barrier_t barrier;
} early;

void made_early(harness::Execution& run) {
  const auto work = [] { pthread_barrier_wait(&early.barrier); };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(sem_trywait(&early.semaphore) == 0 && sem_trywait(&early.semaphore) == -1);
}

void many_threads(harness::Execution&) {
  std::vector<pthread_t> threads;
  std::atomic<int> sum{0};
  auto body = [&] { sum.fetch_add(1); };
  for (int i = 0; i < 500; ++i) threads.push_back(start(body));
  for (const pthread_t thread : threads) assert(pthread_join(thread, nullptr) == 0);
  assert(sum == 500);
}

const harness::test::Programs programs = {
    {"joins", {joins}},
    {"try-join", {try_join}},
    {"detaches", {detaches}},
    {"identity", {identity}},
    {"large-stack", {large_stack}},
    {"mutex-kinds", {mutex_kinds}},
    {"robust-mutex", {robust_mutex}},
    {"robust-mutex-lost", {robust_mutex_lost}},
    {"rwlocks", {rwlocks}},
    {"no-writer-preference", {no_writer_preference}},
    {"conditions", {conditions}},
    {"wait-without-loop", {wait_without_loop}},
    {"barrier-twice", {barrier_twice}},
    {"spin-locks", {spin_locks}},
    {"semaphores", {semaphores}},
    {"made-early", {made_early}},
    {"many-threads", {many_threads}},
};

}  // namespace

HARNESS_SCENARIO({
    .name = "surface_pthread",
    .about = "what pthreads offer, line by line",
    .variants = variants_of(programs),
    .play = [](harness::Execution& run, std::string_view variant) { programs.at(variant).play(run); },
});
