// C11 threads. glibc builds them on its own pthread functions, but calls those by internal names: each is sent on
// to the pthread function of its kind, which has been caught.
#include <threads.h>

#include <cerrno>

#include "harness/engine/sync.hpp"
#include "harness/runtime/caller.hpp"
#include "harness/runtime/cancellation.hpp"

namespace {

int result_of(int error) {
  switch (error) {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ETIMEDOUT: return thrd_timedout;
    case ENOMEM:
    case EAGAIN: return thrd_nomem;
    default: return thrd_error;
  }
}

// The types of <threads.h> are those of <pthread.h> under other names.
pthread_mutex_t* pthread_of(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* pthread_of(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }

void* returned(int result) { return reinterpret_cast<void*>(static_cast<std::intptr_t>(result)); }

}  // namespace

using harness::active;
namespace real = harness::real;

// A thrd_start_t returns int where a thread's routine returns void*: the same register.
HARNESS_EXPORT int thrd_create(thrd_t* thread, thrd_start_t routine, void* argument) {
  if (active == nullptr) return real::thrd_create(thread, routine, argument);
  using Routine = void* (*)(void*);
  return result_of(pthread_create(thread, nullptr, reinterpret_cast<Routine>(
                                      reinterpret_cast<void*>(routine)), argument));
}
HARNESS_EXPORT int thrd_join(thrd_t thread, int* result) {
  if (active == nullptr) return real::thrd_join(thread, result);
  void* value = nullptr;
  const int error = pthread_join(thread, &value);
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
  return result_of(error);
}
HARNESS_EXPORT int thrd_detach(thrd_t thread) {
  if (active == nullptr) return real::thrd_detach(thread);
  return result_of(pthread_detach(thread));
}
HARNESS_EXPORT void thrd_exit(int result) {
  if (active == nullptr) real::thrd_exit(result);
  harness::exit_thread(returned(result));
}
HARNESS_EXPORT int thrd_sleep(const timespec* length, timespec* rest) {
  if (active == nullptr) return real::thrd_sleep(length, rest);
  if (nanosleep(length, rest) == 0) return 0;
  return errno == EINTR ? -1 : -2;
}
HARNESS_EXPORT void thrd_yield() { sched_yield(); }

HARNESS_EXPORT int mtx_init(mtx_t* mutex, int type) {
  if (active != nullptr) harness::forget_lock(*harness::Entered(), mutex);
  return real::mtx_init(mutex, type);
}
HARNESS_EXPORT void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(pthread_of(mutex)); }
HARNESS_EXPORT int mtx_lock(mtx_t* mutex) { return result_of(pthread_mutex_lock(pthread_of(mutex))); }
HARNESS_EXPORT int mtx_trylock(mtx_t* mutex) { return result_of(pthread_mutex_trylock(pthread_of(mutex))); }
HARNESS_EXPORT int mtx_timedlock(mtx_t* mutex, const timespec* time) {
  return result_of(pthread_mutex_timedlock(pthread_of(mutex), time));
}
HARNESS_EXPORT int mtx_unlock(mtx_t* mutex) { return result_of(pthread_mutex_unlock(pthread_of(mutex))); }

HARNESS_EXPORT int cnd_init(cnd_t* condition) {
  return result_of(pthread_cond_init(pthread_of(condition), nullptr));
}
HARNESS_EXPORT void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(pthread_of(condition)); }
HARNESS_EXPORT int cnd_signal(cnd_t* condition) {
  return result_of(pthread_cond_signal(pthread_of(condition)));
}
HARNESS_EXPORT int cnd_broadcast(cnd_t* condition) {
  return result_of(pthread_cond_broadcast(pthread_of(condition)));
}
HARNESS_EXPORT int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return result_of(pthread_cond_wait(pthread_of(condition), pthread_of(mutex)));
}
HARNESS_EXPORT int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* time) {
  return result_of(pthread_cond_timedwait(pthread_of(condition), pthread_of(mutex), time));
}

HARNESS_EXPORT int tss_create(tss_t* key, tss_dtor_t destructor) {
  return result_of(pthread_key_create(key, destructor));
}
HARNESS_EXPORT void tss_delete(tss_t key) { pthread_key_delete(key); }
HARNESS_EXPORT void* tss_get(tss_t key) { return pthread_getspecific(key); }
HARNESS_EXPORT int tss_set(tss_t key, void* value) { return result_of(pthread_setspecific(key, value)); }

HARNESS_EXPORT void call_once(once_flag* flag, void (*routine)()) {
  pthread_once(reinterpret_cast<pthread_once_t*>(flag), routine);
}
