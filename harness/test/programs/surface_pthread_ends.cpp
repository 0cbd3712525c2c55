// What pthreads offer, line by line, used rightly: every variant must pass under every interleaving, and the
// assertions inside would fail if a call did not do its work. What must not pass says so below. Here: keys, and the
// ends of threads.
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "harness/test/programs/pthreads.hpp"
#include "harness/test/programs/table.hpp"

namespace {

using harness::test::start;

// --- keys, once

void keys_again(harness::Execution&) {
  static std::atomic<int> destroyed;
  static pthread_key_t key;
  // A destructor that sets the value again is called again, a limited number of times.
  assert(pthread_key_create(&key, [](void* value) {
           if (destroyed.fetch_add(1) == 0) pthread_setspecific(key, value);
         }) == 0);
  auto body = [] { assert(pthread_setspecific(key, &key) == 0 && pthread_getspecific(key) == &key); };
  assert(pthread_join(start(body), nullptr) == 0 && destroyed == 2);
  assert(pthread_key_delete(key) == 0 && pthread_setspecific(key, &key) == EINVAL);
}

void once(harness::Execution& run) {
  static pthread_once_t control = PTHREAD_ONCE_INIT;
  static std::atomic<int> calls;
  const auto work = [] {
    assert(pthread_once(&control, [] { calls.fetch_add(1); }) == 0);
    assert(calls == 1);
  };
  for (const char* name : {"first", "second", "third"}) run.spawn(name, work);
  run.join();
}

// --- ends and cancellation

struct Unwound {
  explicit Unwound(std::atomic<int>& to) : count(to) {}
  ~Unwound() { count.fetch_add(1); }
  std::atomic<int>& count;
};

// Several stacks are unwound at once, with scheduling points in the midst of it.
void exits_together(harness::Execution&) {
  std::atomic<int> unwound{0};
  auto body = [&] {
    const Unwound outer(unwound);
    try {
      const Unwound inner(unwound);
      pthread_exit(nullptr);
    } catch (...) {
      unwound.fetch_add(10);
      throw;
    }
  };
  const pthread_t first = start(body);
  const pthread_t second = start(body);
  assert(pthread_join(first, nullptr) == 0 && pthread_join(second, nullptr) == 0 && unwound == 24);
}

void cancel_a_sleeper(harness::Execution&) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  std::atomic<int> cleaned{0};
  auto body = [&] {
    pthread_mutex_lock(&mutex);
    struct Arguments {
      pthread_mutex_t& mutex;
      std::atomic<int>& cleaned;
    } arguments{mutex, cleaned};
    pthread_cleanup_push(
        [](void* pointer) {
          auto& in = *static_cast<Arguments*>(pointer);
          in.cleaned.fetch_add(1);
          assert(pthread_mutex_unlock(&in.mutex) == 0);  // the wait has taken it again
        },
        &arguments);
    for (;;) pthread_cond_wait(&condition, &mutex);
    pthread_cleanup_pop(0);
  };
  const pthread_t thread = start(body);
  assert(pthread_cancel(thread) == 0);
  void* result = nullptr;
  assert(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED && cleaned == 1);
  assert(pthread_mutex_trylock(&mutex) == 0);
}

void cancel_points(harness::Execution&) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  auto waits = [&] { sem_wait(&semaphore); };
  auto sleeps = [] { for (;;) usleep(1000); };
  auto tests = [] { for (;;) pthread_testcancel(); };
  auto joins = [&] {
    const pthread_t sleeper = start(sleeps);
    pthread_detach(sleeper);
    pthread_cancel(sleeper);
  };
  for (const pthread_t thread : {start(waits), start(sleeps), start(tests)}) {
    void* result = nullptr;
    assert(pthread_cancel(thread) == 0);
    assert(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
  }
  assert(pthread_join(start(joins), nullptr) == 0);
}

// A semaphore that was posted is never lost to a cancellation.
void cancel_loses_nothing(harness::Execution&) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  int got = 0;
  auto waits = [&] {
    if (sem_wait(&semaphore) == 0) ++got;
  };
  auto posts = [&] { sem_post(&semaphore); };
  const pthread_t waiter = start(waits);
  const pthread_t poster = start(posts);
  assert(pthread_cancel(waiter) == 0);
  assert(pthread_join(waiter, nullptr) == 0 && pthread_join(poster, nullptr) == 0);
  int left = 0;
  sem_getvalue(&semaphore, &left);
  assert(got + left == 1);
}

void cancel_disabled(harness::Execution&) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  std::atomic<bool> disabled{false};
  std::atomic<int> passed{0};
  auto body = [&] {
    int before = -1;
    assert(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before) == 0 && before == PTHREAD_CANCEL_ENABLE);
    disabled = true;
    assert(sem_wait(&semaphore) == 0);
    passed = 1;
    assert(pthread_setcancelstate(17, nullptr) == EINVAL && pthread_setcancelstate(before, nullptr) == 0);
    pthread_testcancel();
    passed = 2;
  };
  const pthread_t thread = start(body);
  while (!disabled) {
  }
  assert(pthread_cancel(thread) == 0 && passed == 0);
  sem_post(&semaphore);
  void* result = nullptr;
  assert(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED && passed == 1);
}

void cancel_asynchronous(harness::Execution&) {
  std::atomic<bool> ready{false};
  auto body = [&] {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
    ready = true;
    for (volatile int i = 0; ready;) i = i + 1;
  };
  const pthread_t thread = start(body);
  while (!ready) {
  }
  pthread_cancel(thread);
  ready = false;
  pthread_join(thread, nullptr);
}

void swallowed(harness::Execution&) {
  auto body = [] {
    try {
      pthread_exit(nullptr);
    } catch (...) {
    }
  };
  pthread_join(start(body), nullptr);
}

const harness::test::Programs programs = {
    {"keys-again", {keys_again}},
    {"once", {once}},
    {"exits-together", {exits_together}},
    {"cancel-a-sleeper", {cancel_a_sleeper}},
    {"cancel-points", {cancel_points}},
    {"cancel-loses-nothing", {cancel_loses_nothing}},
    {"cancel-disabled", {cancel_disabled}},
    {"cancel-asynchronous", {cancel_asynchronous}},
    {"swallowed", {swallowed, "crash"}},
};

}  // namespace

HARNESS_SCENARIO({
    .name = "surface_pthread_ends",
    .about = "what pthreads offer at the end of a thread",
    .variants = variants_of(programs),
    .play = [](harness::Execution& run, std::string_view variant) { programs.at(variant).play(run); },
});
