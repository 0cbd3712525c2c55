// What is warned about, and its like that is not; and locks, conditions and semaphores that are
// used after their end. A variant's name says which: those called `fine-...` must be silent.
#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>

#include "harness/test/programs/table.hpp"

namespace {

std::mutex left, right, third, gate;
std::shared_mutex readable, writable;

template <class First, class Second>
void nested(First& first, Second& second) {
  const std::lock_guard outer(first);
  const std::lock_guard inner(second);
}

// --- lock order. They do not deadlock where one has ended before the other starts.
void inversion(harness::Execution&) {
  std::thread one([] { nested(left, right); });
  std::thread other([] { nested(right, left); });
  one.join();
  other.join();
}

void three_in_a_ring(harness::Execution&) {
  std::thread one([] { nested(left, right); });
  std::thread two([] { nested(right, third); });
  std::thread three([] { nested(third, left); });
  one.join();
  two.join();
  three.join();
}

void fine_same_order(harness::Execution&) {
  std::thread one([] { nested(left, right); });
  std::thread other([] { nested(left, right); });
  one.join();
  other.join();
}

void fine_gate(harness::Execution&) {
  const auto behind_gate = [](std::mutex& first, std::mutex& second) {
    const std::lock_guard closed(gate);
    nested(first, second);
  };
  std::thread one([&] { behind_gate(left, right); });
  std::thread other([&] { behind_gate(right, left); });
  one.join();
  other.join();
}

void fine_one_after_the_other(harness::Execution&) {
  std::thread([] { nested(left, right); }).join();
  nested(right, left);
  std::thread([] { nested(left, right); }).join();
}

void fine_tries(harness::Execution&) {
  std::thread one([] { const std::scoped_lock both(left, right); });
  std::thread other([] {
    const std::lock_guard outer(right);
    if (left.try_lock()) left.unlock();
  });
  one.join();
  other.join();
}

void fine_readers(harness::Execution&) {
  const auto reads = [](std::shared_mutex& first, std::shared_mutex& second) {
    const std::shared_lock outer(first);
    const std::shared_lock inner(second);
  };
  std::thread one([&] { reads(readable, writable); });
  std::thread other([&] { reads(writable, readable); });
  one.join();
  other.join();
}

void writer_among_readers(harness::Execution&) {
  std::thread one([] {
    const std::shared_lock outer(readable);
    const std::lock_guard inner(left);
  });
  std::thread other([] { nested(left, readable); });
  one.join();
  other.join();
}

// --- unlocking
void stranger(harness::Execution&) {
  left.lock();
  std::thread([] { left.unlock(); }).join();
}

void twice(harness::Execution&) {
  left.lock();
  left.unlock();
  left.unlock();
}

void fine_handed_over(harness::Execution&) {
  left.lock();
  std::unique_lock held(left, std::adopt_lock);
  std::unique_lock mine(std::move(held));
}

// --- ending with a lock
void ends(harness::Execution&) {
  std::thread([] { left.lock(); }).join();
}

void fine_ends(harness::Execution&) {
  std::thread([] {
    left.lock();
    left.unlock();
  }).join();
}

void fine_ends_robust(harness::Execution&) {
  pthread_mutexattr_t robust;
  pthread_mutexattr_init(&robust);
  pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_t mutex;
  pthread_mutex_init(&mutex, &robust);
  std::thread([&] { pthread_mutex_lock(&mutex); }).join();
}

// --- the end of things
struct Made {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  sem_t semaphore;
  Made() { sem_init(&semaphore, 0, 1); }
} made;

void destroyed_mutex(harness::Execution&) {
  std::thread other([] {
    pthread_mutex_lock(&made.mutex);
    pthread_mutex_unlock(&made.mutex);
  });
  pthread_mutex_destroy(&made.mutex);
  other.join();
}

void destroyed_while_held(harness::Execution&) {
  pthread_mutex_lock(&made.mutex);
  pthread_mutex_destroy(&made.mutex);
}

void destroyed_condition(harness::Execution&) {
  std::thread other([] { pthread_cond_signal(&made.condition); });
  pthread_cond_destroy(&made.condition);
  other.join();
}

void destroyed_while_awaited(harness::Execution&) {
  std::mutex mutex;
  bool go = false;
  auto condition = std::make_unique<std::condition_variable>();
  std::thread other([&] {
    std::unique_lock lock(mutex);
    if (!go) condition->wait(lock);
  });
  {
    const std::lock_guard lock(mutex);
    go = true;
    condition.reset();
  }
  other.join();
}

void destroyed_semaphore(harness::Execution&) {
  std::thread other([] { sem_wait(&made.semaphore); });
  sem_destroy(&made.semaphore);
  other.join();
}

void mutex_of_freed_block(harness::Execution&) {
  auto mutex = std::make_unique<std::mutex>();
  std::atomic<bool> used{false};
  std::thread other([&, raw = mutex.get()] {
    used.load();
    raw->lock();
    raw->unlock();
  });
  used.store(true);
  mutex.reset();
  other.join();
}

void fine_destroyed_at_last(harness::Execution&) {
  std::thread other([] {
    pthread_mutex_lock(&made.mutex);
    pthread_mutex_unlock(&made.mutex);
    sem_wait(&made.semaphore);
  });
  other.join();
  pthread_mutex_destroy(&made.mutex);
  sem_destroy(&made.semaphore);
  pthread_cond_destroy(&made.condition);
}

void fine_made_again(harness::Execution&) {
  for (int i = 0; i < 2; ++i) {  // in the very same place
    std::condition_variable condition;
    std::mutex mutex;
    bool done = false;
    std::thread other([&] {
      const std::lock_guard lock(mutex);
      done = true;
      condition.notify_one();
    });
    std::unique_lock lock(mutex);
    condition.wait(lock, [&] { return done; });
    lock.unlock();
    other.join();
  }
  pthread_mutex_destroy(&made.mutex);
  pthread_mutex_init(&made.mutex, nullptr);
  pthread_mutex_lock(&made.mutex);
  pthread_mutex_unlock(&made.mutex);
}

const harness::test::Programs programs = {
    {"inversion", {inversion, "pass"}},
    {"three-in-a-ring", {three_in_a_ring, "pass"}},
    {"writer-among-readers", {writer_among_readers, "pass"}},
    {"stranger", {stranger, "pass"}},
    {"twice", {twice, "pass"}},
    {"ends", {ends, "pass"}},
    {"fine-same-order", {fine_same_order, "pass"}},
    {"fine-gate", {fine_gate, "pass"}},
    {"fine-one-after-the-other", {fine_one_after_the_other, "pass"}},
    {"fine-tries", {fine_tries, "pass"}},
    {"fine-readers", {fine_readers, "pass"}},
    {"fine-handed-over", {fine_handed_over, "pass"}},
    {"fine-ends", {fine_ends, "pass"}},
    {"fine-ends-robust", {fine_ends_robust, "pass"}},
    {"fine-destroyed-at-last", {fine_destroyed_at_last, "pass"}},
    {"fine-made-again", {fine_made_again, "pass"}},
    {"destroyed-mutex", {destroyed_mutex, "use-of-destroyed"}},
    {"destroyed-while-held", {destroyed_while_held, "use-of-destroyed"}},
    {"destroyed-condition", {destroyed_condition, "use-of-destroyed"}},
    {"destroyed-while-awaited", {destroyed_while_awaited, "use-of-destroyed"}},
    {"destroyed-semaphore", {destroyed_semaphore, "use-of-destroyed"}},
    {"mutex-of-freed-block", {mutex_of_freed_block, "heap-use-after-free"}},
};

}  // namespace

HARNESS_SCENARIO({
    .name = "warnings",
    .about = "what is warned about, and uses of what was destroyed",
    .variants = variants_of(programs),
    .play = [](harness::Execution& run,
               std::string_view variant) { programs.at(variant).play(run); },
});
