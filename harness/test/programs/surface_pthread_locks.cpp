// The ends of locks and conditions, and reader-writer locks that prefer writers. What must not pass
// says so below.
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "harness/test/programs/pthreads.hpp"
#include "harness/test/programs/table.hpp"

namespace {

using harness::test::in_ms;
using harness::test::start;

// --- who uses it last?

struct Shared {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
  int users = 2;
  ~Shared() {
    assert(pthread_cond_destroy(&changed) == 0);
    assert(pthread_mutex_destroy(&mutex) == 0);
  }
};

void last_user_destroys(harness::Execution& run) {
  auto* const shared = new Shared;
  const auto leave = [=] {
    pthread_mutex_lock(&shared->mutex);
    const bool is_last = --shared->users == 0;
    pthread_mutex_unlock(&shared->mutex);
    if (is_last) delete shared;
  };
  run.spawn("first", leave);
  run.spawn("second", leave);
  run.join();
}

void notified_destroys(harness::Execution& run) {
  auto* const shared = new Shared;
  run.spawn("notifies", [=] {
    pthread_mutex_lock(&shared->mutex);
    shared->users = 1;
    pthread_cond_broadcast(&shared->changed);
    pthread_mutex_unlock(&shared->mutex);
  });
  run.spawn("waits", [=] {
    pthread_mutex_lock(&shared->mutex);
    while (shared->users != 1) pthread_cond_wait(&shared->changed, &shared->mutex);
    pthread_mutex_unlock(&shared->mutex);
    delete shared;
  });
  run.join();
}

// In the one order of events that there is, nobody comes too late; but only a relaxed flag says so.
template <class Use>
void destroyed_beside(Use use, void (*end)(Shared&)) {
  Shared shared;
  std::atomic<bool> used{false};
  std::thread user([&] {
    use(shared);
    used.store(true, std::memory_order_relaxed);
  });
  while (!used.load(std::memory_order_relaxed)) std::this_thread::yield();
  end(shared);
  user.join();
}

void mutex_beside(harness::Execution&) {
  destroyed_beside(
      [](Shared& shared) {
        pthread_mutex_lock(&shared.mutex);
        pthread_mutex_unlock(&shared.mutex);
      },
      [](Shared& shared) {
        pthread_mutex_destroy(&shared.mutex);
        pthread_mutex_init(&shared.mutex, nullptr);
      });
}

void condition_beside(harness::Execution&) {
  destroyed_beside([](Shared& shared) { pthread_cond_signal(&shared.changed); },
                   [](Shared& shared) { pthread_cond_destroy(&shared.changed); });
}

void freed_beside(harness::Execution&) {
  auto* const mutex = new pthread_mutex_t(PTHREAD_MUTEX_INITIALIZER);
  std::atomic<bool> used{false};
  std::thread user([&] {
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
    used.store(true, std::memory_order_relaxed);
  });
  while (!used.load(std::memory_order_relaxed)) std::this_thread::yield();
  delete mutex;
  user.join();
}

// --- readers and writers

class ReaderWriterLock {
 public:
  explicit ReaderWriterLock(int kind) {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    assert(pthread_rwlockattr_setkind_np(&attributes, kind) == 0);
    assert(pthread_rwlock_init(&lock_, &attributes) == 0);
    pthread_rwlockattr_destroy(&attributes);
  }
  ~ReaderWriterLock() { assert(pthread_rwlock_destroy(&lock_) == 0); }
  ReaderWriterLock(const ReaderWriterLock&) = delete;
  ReaderWriterLock& operator=(const ReaderWriterLock&) = delete;
  operator pthread_rwlock_t*() { return &lock_; }

 private:
  pthread_rwlock_t lock_;
};

void reads_twice(harness::Execution& run, int kind) {
  ReaderWriterLock lock(kind);
  run.spawn("reader", [&] {
    assert(pthread_rwlock_rdlock(lock) == 0);
    assert(pthread_rwlock_rdlock(lock) == 0);
    pthread_rwlock_unlock(lock);
    pthread_rwlock_unlock(lock);
  });
  run.spawn("writer", [&] {
    assert(pthread_rwlock_wrlock(lock) == 0);
    pthread_rwlock_unlock(lock);
  });
  run.join();
}

void reader_again(harness::Execution& run) { reads_twice(run, PTHREAD_RWLOCK_PREFER_READER_NP); }
void reader_again_with_writer(harness::Execution& run) {
  reads_twice(run, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
}

// A writer that waits keeps readers away; one that has given up does not.
void writers_first(harness::Execution&) {
  ReaderWriterLock lock(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  int value = 0;
  assert(pthread_rwlock_rdlock(lock) == 0);
  auto writes = [&] {
    const timespec soon = in_ms(CLOCK_REALTIME, 10);
    const int error = pthread_rwlock_timedwrlock(lock, &soon);
    assert(error == 0 || error == ETIMEDOUT);
    if (error == 0) ++value;
    if (error == 0) pthread_rwlock_unlock(lock);
  };
  const pthread_t writer = start(writes);
  auto reads = [&] {
    assert(pthread_rwlock_rdlock(lock) == 0);
    assert(value == 0 || value == 1);
    pthread_rwlock_unlock(lock);
  };
  const pthread_t reader = start(reads);
  const int error = pthread_rwlock_tryrdlock(lock);
  assert(error == 0 || error == EBUSY);
  if (error == 0) pthread_rwlock_unlock(lock);
  pthread_rwlock_unlock(lock);
  assert(pthread_join(writer, nullptr) == 0 && pthread_join(reader, nullptr) == 0);
}

const harness::test::Programs programs = {
    {"last-user-destroys", {last_user_destroys}},
    {"notified-destroys", {notified_destroys}},
    {"mutex-beside", {mutex_beside, "data-race"}},
    {"condition-beside", {condition_beside, "data-race"}},
    {"freed-beside", {freed_beside, "data-race"}},
    {"reader-again", {reader_again}},
    {"reader-again-with-writer", {reader_again_with_writer, "deadlock"}},
    {"writers-first", {writers_first}},
};

}  // namespace

HARNESS_SCENARIO({
    .name = "surface_pthread_locks",
    .about = "the ends of locks, and who is preferred",
    .variants = variants_of(programs),
    .play = [](harness::Execution& run,
               std::string_view variant) { programs.at(variant).play(run); },
});
