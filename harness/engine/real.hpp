// The functions that this library interposes, as the next library in the search order defines them. Found on
// first use: calls arrive before our own constructors have run.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

extern "C" int __cxa_thread_atexit_impl(void (*)(void*), void*, void*);
extern "C" int __cxa_atexit(void (*)(void*), void*, void*) noexcept;
extern "C" int __cxa_at_quick_exit(void (*)(void*), void*) noexcept;
extern "C" void __cxa_finalize(void*);
extern "C" void __assert_fail(const char*, const char*, unsigned, const char*) noexcept;

namespace harness::real {

void* find(const char* name);

// clang-format off
#define HARNESS_REAL_FUNCTIONS(X)                                                                      \
  X(memcpy) X(memmove) X(memset) X(memcmp) X(strlen) X(strnlen) X(strcmp) X(strncmp) X(strcasecmp)     \
  X(strncasecmp) X(strcpy) X(stpcpy) X(strncpy) X(strcat) X(strncat) X(strdup) X(strndup)               \
  X(vsnprintf) X(vsprintf) X(fread) X(fwrite) X(fgets) X(localtime) X(gmtime) X(asctime) X(ctime)       \
  X(mmap) X(munmap) X(mprotect) X(madvise) X(mremap)                                                   \
  X(pthread_create) X(pthread_join) X(pthread_tryjoin_np) X(pthread_timedjoin_np)                      \
  X(pthread_clockjoin_np) X(pthread_detach) X(pthread_exit)                                            \
  X(pthread_mutex_init) X(pthread_mutex_destroy) X(pthread_mutex_lock) X(pthread_mutex_trylock)        \
  X(pthread_mutex_timedlock) X(pthread_mutex_clocklock) X(pthread_mutex_unlock)                        \
  X(pthread_cond_init) X(pthread_cond_destroy) X(pthread_cond_wait) X(pthread_cond_timedwait)          \
  X(pthread_cond_clockwait) X(pthread_cond_signal) X(pthread_cond_broadcast)                           \
  X(pthread_rwlock_init) X(pthread_rwlock_destroy) X(pthread_rwlock_rdlock) X(pthread_rwlock_wrlock)   \
  X(pthread_rwlock_tryrdlock) X(pthread_rwlock_trywrlock) X(pthread_rwlock_timedrdlock)                \
  X(pthread_rwlock_timedwrlock) X(pthread_rwlock_clockrdlock) X(pthread_rwlock_clockwrlock)            \
  X(pthread_rwlock_unlock)                                                                             \
  X(pthread_spin_init) X(pthread_spin_destroy) X(pthread_spin_lock) X(pthread_spin_trylock)            \
  X(pthread_spin_unlock)                                                                               \
  X(pthread_barrier_init) X(pthread_barrier_destroy) X(pthread_barrier_wait)                           \
  X(pthread_once) X(pthread_key_create) X(pthread_key_delete) X(pthread_getspecific)                   \
  X(pthread_setspecific)                                                                               \
  X(sem_init) X(sem_destroy) X(sem_wait) X(sem_trywait) X(sem_timedwait) X(sem_clockwait)              \
  X(sem_post) X(sem_getvalue)                                                                          \
  X(sched_yield) X(nanosleep) X(clock_nanosleep) X(usleep) X(sleep) X(clock_gettime) X(gettimeofday) X(timespec_get) X(clock)   \
  X(time) X(exit) X(_exit) X(quick_exit) X(abort) X(__assert_fail)                                     \
  X(__cxa_thread_atexit_impl) X(__cxa_atexit) X(__cxa_at_quick_exit) X(__cxa_finalize) X(on_exit)          \
  X(pthread_mutex_consistent) X(pthread_cancel) X(pthread_testcancel) X(pthread_setcancelstate)        \
  X(pthread_setcanceltype) X(pthread_setname_np) X(pthread_getname_np)                                 \
  X(thrd_create) X(thrd_join) X(thrd_detach) X(thrd_exit) X(thrd_sleep) X(mtx_init)                    \
  X(sigaction) X(signal) X(sigaltstack) X(pthread_sigmask) X(sigprocmask) X(sigpending) X(raise)       \
  X(pthread_kill) X(pthread_sigqueue) X(kill) X(pause) X(sigsuspend) X(sigwaitinfo) X(sigtimedwait)    \
  X(sigwait) X(alarm) X(setitimer) X(timer_create) X(timer_settime) X(timer_delete)                    \
  X(getpid) X(getppid) X(gettid) X(get_nprocs) X(get_nprocs_conf) X(sysconf)                           \
  X(getrandom) X(getentropy) X(arc4random) X(arc4random_buf) X(arc4random_uniform)                     \
  X(close_range) X(closefrom) X(read) X(write) X(readv) X(writev) X(close) X(poll) X(ppoll) X(select) X(pselect)                   \
  X(pipe) X(pipe2) X(dup) X(dup2) X(dup3) X(socketpair) X(socket) X(accept) X(accept4) X(connect)      \
  X(shutdown) X(recv) X(recvfrom) X(recvmsg) X(send) X(sendto) X(sendmsg)                              \
  X(eventfd) X(eventfd_read) X(eventfd_write)                                                          \
  X(timerfd_create) X(timerfd_settime) X(timerfd_gettime)                                              \
  X(epoll_create) X(epoll_create1) X(epoll_ctl) X(epoll_wait) X(epoll_pwait)                           \
  X(rand) X(srand) X(random) X(srandom) X(drand48) X(lrand48) X(mrand48) X(srand48) X(seed48)          \
  X(fork) X(daemon) X(system) X(popen) X(execve) X(execv) X(execvp) X(execvpe) X(fexecve)              \
  X(posix_spawn) X(posix_spawnp) X(sem_open)
// clang-format on

#define HARNESS_DECLARE_REAL(name)                                       \
  extern decltype(&::name) name##_found;                                 \
  template <class... Argument>                                           \
  inline decltype(auto) name(Argument... argument) {                     \
    if (name##_found == nullptr) [[unlikely]]                            \
      name##_found = reinterpret_cast<decltype(&::name)>(find(#name));   \
    return name##_found(argument...);                                    \
  }
HARNESS_REAL_FUNCTIONS(HARNESS_DECLARE_REAL)
#undef HARNESS_DECLARE_REAL

// On the guards of static locals the compilers do not agree what type they are.
int guard_acquire(void* guard);
void guard_release(void* guard);
void guard_abort(void* guard);

}  // namespace harness::real
