// pthread mutexes, reader-writer locks, condition variables, spin locks, barriers; POSIX semaphores.
#include <limits.h>

#include <algorithm>
#include <cerrno>

#include "harness/engine/sync.hpp"
#include "harness/runtime/caller.hpp"
#include "harness/runtime/cancellation.hpp"
#include "harness/runtime/clock.hpp"

namespace harness {
namespace {

// The type stands in the mutex itself, also where it was initialised statically.
MutexKind kind_of(const pthread_mutex_t* mutex) {
  switch (mutex->__data.__kind & 3) {
    case PTHREAD_MUTEX_RECURSIVE_NP: return MutexKind::recursive;
    case PTHREAD_MUTEX_ERRORCHECK_NP: return MutexKind::errorcheck;
    default: return MutexKind::normal;
  }
}

// Every lock and unlock of a mutex goes through here: robust ones have more to say.
bool is_robust(const pthread_mutex_t* mutex) {
  constexpr int robust_bit = 16;
  return (mutex->__data.__kind & robust_bit) != 0;
}

template <class Lock>
int locked(Engine& engine, const pthread_mutex_t* mutex, Lock lock) {
  const int error = lock(engine, mutex, kind_of(mutex));
  return is_robust(mutex) ? robust_locked(engine, mutex, error) : error;
}

int timed_lock(pthread_mutex_t* mutex, clockid_t clock, const timespec* time, std::uintptr_t where) {
  if (!is_valid(*time)) return EINVAL;
  const Entered entered;
  const std::uint64_t deadline = deadline_of(*time, clock);
  return locked(*entered, mutex, [=](Engine& engine, const void* object, MutexKind kind) {
    return lock(engine, object, kind, deadline, where);
  });
}

int timed_wait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* time,
               std::uintptr_t where) {
  if (time != nullptr && !is_valid(*time)) return EINVAL;
  return cancellation_point([=](Engine& engine) {
    const int error = wait(engine, condition, mutex, kind_of(mutex),
                           time == nullptr ? no_deadline : deadline_of(*time, clock), where);
    if (!is_robust(mutex) || error == EPERM) return error;
    const int state = robust_locked(engine, mutex, 0);
    return state == 0 ? error : state;
  });
}

// The clock a condition variable was made with: glibc keeps it in bit 1 of the wrefs.
clockid_t clock_of(const pthread_cond_t* condition) {
  return (condition->__data.__wrefs & 2) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

int shared_lock(pthread_rwlock_t* rwlock, clockid_t clock, const timespec* time, std::uintptr_t where) {
  if (time != nullptr && !is_valid(*time)) return EINVAL;
  const Entered entered;
  return lock_shared(*entered, rwlock, time == nullptr ? no_deadline : deadline_of(*time, clock), where);
}

int exclusive_lock(pthread_rwlock_t* rwlock, clockid_t clock, const timespec* time, std::uintptr_t where) {
  if (time != nullptr && !is_valid(*time)) return EINVAL;
  const Entered entered;
  entered->object(rwlock).prefers_writers =
      rwlock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
  // Who locks it twice is told so, as with an error-checking mutex.
  return lock(*entered, rwlock, MutexKind::errorcheck,
              time == nullptr ? no_deadline : deadline_of(*time, clock), where);
}

// One that was made before the execution has its value in itself.
Object& know(Engine& engine, sem_t* semaphore) {
  Object& object = engine.object(semaphore);
  if (object.known) return object;
  int value = 0;
  real::sem_getvalue(semaphore, &value);
  object.count = static_cast<std::uint64_t>(std::max(value, 0));
  object.known = true;
  return object;
}

Object& know(Engine& engine, const pthread_barrier_t* barrier) {
  Object& object = engine.object(barrier);
  if (object.known) return object;
  // As glibc lays it out: arrivals, round, parties.
  object.parties = reinterpret_cast<const unsigned*>(barrier)[2];
  object.known = true;
  return object;
}

int semaphore_wait_until(sem_t* semaphore, clockid_t clock, const timespec* time, std::uintptr_t where) {
  if (time != nullptr && !is_valid(*time)) return errno = EINVAL, -1;
  const int error = cancellation_point([=](Engine& engine) {
    know(engine, semaphore);
    return semaphore_wait(engine, semaphore, time == nullptr ? no_deadline : deadline_of(*time, clock),
                          where);
  });
  return error == 0 ? 0 : (errno = error, -1);
}

}  // namespace
}  // namespace harness

using harness::active;
using harness::Entered;
using harness::MutexKind;
using harness::no_deadline;
namespace real = harness::real;

// --- mutexes
HARNESS_EXPORT int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes) noexcept {
  if (active != nullptr) harness::forget_lock(*Entered(), mutex);
  return real::pthread_mutex_init(mutex, attributes);
}
HARNESS_EXPORT int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept {
  if (active == nullptr) return real::pthread_mutex_destroy(mutex);
  harness::destroy(*Entered(), mutex, HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  if (active == nullptr) return real::pthread_mutex_lock(mutex);
  const Entered entered;
  const std::uintptr_t where = HARNESS_CALLER;
  return harness::locked(*entered, mutex, [=](auto& engine, auto* object, MutexKind kind) {
    return harness::lock(engine, object, kind, no_deadline, where);
  });
}
HARNESS_EXPORT int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  if (active == nullptr) return real::pthread_mutex_trylock(mutex);
  const Entered entered;
  const std::uintptr_t where = HARNESS_CALLER;
  return harness::locked(*entered, mutex, [=](auto& engine, auto* object, MutexKind kind) {
    return harness::try_lock(engine, object, kind, where);
  });
}
HARNESS_EXPORT int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* time) noexcept {
  if (active == nullptr) return real::pthread_mutex_timedlock(mutex, time);
  return harness::timed_lock(mutex, CLOCK_REALTIME, time, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                                           const timespec* time) noexcept {
  if (active == nullptr) return real::pthread_mutex_clocklock(mutex, clock, time);
  return harness::timed_lock(mutex, clock, time, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  if (active == nullptr) return real::pthread_mutex_unlock(mutex);
  const Entered entered;
  if (harness::is_robust(mutex)) harness::robust_unlocking(*entered, mutex);
  return harness::unlock(*entered, mutex, harness::kind_of(mutex), HARNESS_CALLER);
}

HARNESS_EXPORT int pthread_mutex_consistent(pthread_mutex_t* mutex) noexcept {
  if (active == nullptr) return real::pthread_mutex_consistent(mutex);
  if (!harness::is_robust(mutex)) return EINVAL;
  const Entered entered;
  return harness::make_consistent(*entered, mutex);
}

// --- condition variables
HARNESS_EXPORT int pthread_cond_init(pthread_cond_t* condition, const pthread_condattr_t* attributes) noexcept {
  return real::pthread_cond_init(condition, attributes);
}
HARNESS_EXPORT int pthread_cond_destroy(pthread_cond_t* condition) noexcept {
  if (active == nullptr) return real::pthread_cond_destroy(condition);
  harness::destroy(*Entered(), condition, HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  if (active == nullptr) return real::pthread_cond_wait(condition, mutex);
  return harness::timed_wait(condition, mutex, CLOCK_REALTIME, nullptr, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                          const timespec* time) {
  if (active == nullptr) return real::pthread_cond_timedwait(condition, mutex, time);
  return harness::timed_wait(condition, mutex, harness::clock_of(condition), time, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                                          const timespec* time) {
  if (active == nullptr) return real::pthread_cond_clockwait(condition, mutex, clock, time);
  return harness::timed_wait(condition, mutex, clock, time, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  if (active == nullptr) return real::pthread_cond_signal(condition);
  const Entered entered;
  harness::notify(*entered, condition, false, HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  if (active == nullptr) return real::pthread_cond_broadcast(condition);
  const Entered entered;
  harness::notify(*entered, condition, true, HARNESS_CALLER);
  return 0;
}

// --- reader-writer locks
HARNESS_EXPORT int pthread_rwlock_init(pthread_rwlock_t* rwlock,
                                       const pthread_rwlockattr_t* attributes) noexcept {
  if (active != nullptr) harness::forget_lock(*Entered(), rwlock);
  return real::pthread_rwlock_init(rwlock, attributes);
}
HARNESS_EXPORT int pthread_rwlock_destroy(pthread_rwlock_t* rwlock) noexcept {
  if (active == nullptr) return real::pthread_rwlock_destroy(rwlock);
  harness::destroy(*Entered(), rwlock, HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t* rwlock) noexcept {
  if (active == nullptr) return real::pthread_rwlock_rdlock(rwlock);
  return harness::shared_lock(rwlock, CLOCK_REALTIME, nullptr, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t* rwlock) noexcept {
  if (active == nullptr) return real::pthread_rwlock_wrlock(rwlock);
  return harness::exclusive_lock(rwlock, CLOCK_REALTIME, nullptr, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t* rwlock, const timespec* time) noexcept {
  if (active == nullptr) return real::pthread_rwlock_timedrdlock(rwlock, time);
  return harness::shared_lock(rwlock, CLOCK_REALTIME, time, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t* rwlock, const timespec* time) noexcept {
  if (active == nullptr) return real::pthread_rwlock_timedwrlock(rwlock, time);
  return harness::exclusive_lock(rwlock, CLOCK_REALTIME, time, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t* rwlock, clockid_t clock,
                                              const timespec* time) noexcept {
  if (active == nullptr) return real::pthread_rwlock_clockrdlock(rwlock, clock, time);
  return harness::shared_lock(rwlock, clock, time, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t* rwlock, clockid_t clock,
                                              const timespec* time) noexcept {
  if (active == nullptr) return real::pthread_rwlock_clockwrlock(rwlock, clock, time);
  return harness::exclusive_lock(rwlock, clock, time, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t* rwlock) noexcept {
  if (active == nullptr) return real::pthread_rwlock_tryrdlock(rwlock);
  const Entered entered;
  return harness::try_lock_shared(*entered, rwlock, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t* rwlock) noexcept {
  if (active == nullptr) return real::pthread_rwlock_trywrlock(rwlock);
  const Entered entered;
  return harness::try_lock(*entered, rwlock, MutexKind::normal, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t* rwlock) noexcept {
  if (active == nullptr) return real::pthread_rwlock_unlock(rwlock);
  const Entered entered;
  return harness::unlock_any(*entered, rwlock, HARNESS_CALLER);
}

// --- spin locks: under the engine they block like mutexes
HARNESS_EXPORT int pthread_spin_init(pthread_spinlock_t* spinlock, int shared) noexcept {
  if (active != nullptr) harness::forget_lock(*Entered(), const_cast<const int*>(spinlock));
  return real::pthread_spin_init(spinlock, shared);
}
HARNESS_EXPORT int pthread_spin_destroy(pthread_spinlock_t* spinlock) noexcept {
  if (active == nullptr) return real::pthread_spin_destroy(spinlock);
  harness::destroy(*Entered(), const_cast<const int*>(spinlock), HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT int pthread_spin_lock(pthread_spinlock_t* spinlock) noexcept {
  if (active == nullptr) return real::pthread_spin_lock(spinlock);
  const Entered entered;
  return harness::lock(*entered, const_cast<const int*>(spinlock), MutexKind::normal, no_deadline,
                       HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_spin_trylock(pthread_spinlock_t* spinlock) noexcept {
  if (active == nullptr) return real::pthread_spin_trylock(spinlock);
  const Entered entered;
  return harness::try_lock(*entered, const_cast<const int*>(spinlock), MutexKind::normal, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_spin_unlock(pthread_spinlock_t* spinlock) noexcept {
  if (active == nullptr) return real::pthread_spin_unlock(spinlock);
  const Entered entered;
  return harness::unlock(*entered, const_cast<const int*>(spinlock), MutexKind::normal, HARNESS_CALLER);
}

// --- barriers
HARNESS_EXPORT int pthread_barrier_init(pthread_barrier_t* barrier, const pthread_barrierattr_t* attributes,
                                        unsigned count) noexcept {
  const int error = real::pthread_barrier_init(barrier, attributes, count);
  if (error == 0 && active != nullptr) {
    const Entered entered;
    harness::Object& object = entered->object(barrier);
    object.count = 0;
    object.parties = count;
    object.known = true;
  }
  return error;
}
HARNESS_EXPORT int pthread_barrier_destroy(pthread_barrier_t* barrier) noexcept {
  if (active == nullptr) return real::pthread_barrier_destroy(barrier);
  harness::destroy(*Entered(), barrier, HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT int pthread_barrier_wait(pthread_barrier_t* barrier) noexcept {
  if (active == nullptr) return real::pthread_barrier_wait(barrier);
  const Entered entered;
  harness::know(*entered, barrier);
  const bool serial = harness::barrier_wait(*entered, barrier, HARNESS_CALLER);
  return serial ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

// --- semaphores
HARNESS_EXPORT int sem_init(sem_t* semaphore, int shared, unsigned value) noexcept {
  if (active == nullptr) return real::sem_init(semaphore, shared, value);
  const int error = real::sem_init(semaphore, shared, value);
  if (error != 0) return error;
  const Entered entered;
  harness::Object& object = entered->object(semaphore);
  object.count = value;
  object.known = true;
  return 0;
}
HARNESS_EXPORT int sem_destroy(sem_t* semaphore) noexcept {
  if (active == nullptr) return real::sem_destroy(semaphore);
  harness::destroy(*Entered(), semaphore, HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT int sem_wait(sem_t* semaphore) {
  if (active == nullptr) return real::sem_wait(semaphore);
  return harness::semaphore_wait_until(semaphore, CLOCK_REALTIME, nullptr, HARNESS_CALLER);
}
HARNESS_EXPORT int sem_timedwait(sem_t* semaphore, const timespec* time) {
  if (active == nullptr) return real::sem_timedwait(semaphore, time);
  return harness::semaphore_wait_until(semaphore, CLOCK_REALTIME, time, HARNESS_CALLER);
}
HARNESS_EXPORT int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* time) {
  if (active == nullptr) return real::sem_clockwait(semaphore, clock, time);
  return harness::semaphore_wait_until(semaphore, clock, time, HARNESS_CALLER);
}
HARNESS_EXPORT int sem_trywait(sem_t* semaphore) noexcept {
  if (active == nullptr) return real::sem_trywait(semaphore);
  const Entered entered;
  harness::know(*entered, semaphore);
  const int error = harness::semaphore_try_wait(*entered, semaphore, HARNESS_CALLER);
  return error == 0 ? 0 : (errno = error, -1);
}
HARNESS_EXPORT int sem_post(sem_t* semaphore) noexcept {
  if (active == nullptr) return real::sem_post(semaphore);
  const Entered entered;
  if (harness::know(*entered, semaphore).count >= SEM_VALUE_MAX) return errno = EOVERFLOW, -1;
  harness::semaphore_post(*entered, semaphore, HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT int sem_getvalue(sem_t* semaphore, int* value) noexcept {
  if (active == nullptr) return real::sem_getvalue(semaphore, value);
  const Entered entered;
  harness::know(*entered, semaphore);
  *value = static_cast<int>(harness::semaphore_value(*entered, semaphore, HARNESS_CALLER));
  return 0;
}
