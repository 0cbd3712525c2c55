// What a program asks of the system besides threads and locks: C11 threads, signals, time, random numbers,
// futexes by number. Every variant must pass under every interleaving.
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#undef NDEBUG
#include <cassert>

#include "harness/scenario.hpp"

namespace {

// --- C11 threads

void c11_threads(harness::Execution&) {
  static mtx_t mutex;
  static cnd_t condition;
  static tss_t key;
  static std::atomic<int> destroyed;
  static int stage;
  assert(mtx_init(&mutex, mtx_timed) == thrd_success && cnd_init(&condition) == thrd_success);
  assert(tss_create(&key, [](void*) { destroyed.fetch_add(1); }) == thrd_success);
  const thrd_start_t waits = [](void* argument) {
    assert(tss_set(key, argument) == thrd_success && tss_get(key) == argument);
    assert(mtx_lock(&mutex) == thrd_success);
    while (stage == 0) assert(cnd_wait(&condition, &mutex) == thrd_success);
    stage = 2;
    assert(mtx_unlock(&mutex) == thrd_success);
    return -7;
  };
  thrd_t thread;
  assert(thrd_create(&thread, waits, &mutex) == thrd_success);
  thrd_yield();
  assert(mtx_lock(&mutex) == thrd_success && mtx_trylock(&mutex) == thrd_busy);
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  assert(mtx_timedlock(&mutex, &now) == thrd_timedout && cnd_timedwait(&condition, &mutex, &now) == thrd_timedout);
  stage = 1;
  assert(cnd_signal(&condition) == thrd_success && cnd_broadcast(&condition) == thrd_success);
  assert(mtx_unlock(&mutex) == thrd_success);
  int result = 0;
  assert(thrd_join(thread, &result) == thrd_success && result == -7 && stage == 2 && destroyed == 1);
  const thrd_start_t leaves = [](void*) -> int { thrd_exit(5); };
  assert(thrd_create(&thread, leaves, nullptr) == thrd_success);
  assert(thrd_join(thread, &result) == thrd_success && result == 5);
  const timespec length = {1, 0};
  assert(thrd_sleep(&length, nullptr) == 0 && thrd_equal(thrd_current(), thrd_current()));
  mtx_destroy(&mutex);
  cnd_destroy(&condition);
  tss_delete(key);
}

void c11_once(harness::Execution& run) {
  static once_flag flag = ONCE_FLAG_INIT;
  static std::atomic<int> calls;
  const auto work = [] {
    call_once(&flag, [] { calls.fetch_add(1); });
    assert(calls == 1);
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
}

// --- signals

std::atomic<int> handled;
std::atomic<pthread_t> handled_by;

void on_signal(int signal) {
  handled_by = pthread_self();
  handled.fetch_add(signal);
}

void install(int signal, int flags = 0) {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = flags;
  assert(sigaction(signal, &action, nullptr) == 0);
}

void raises(harness::Execution&) {
  handled = 0;
  install(SIGUSR1);
  assert(raise(SIGUSR1) == 0 && handled == SIGUSR1);
  assert(kill(getpid(), SIGUSR1) == 0 && handled == 2 * SIGUSR1);
  assert(signal(SIGUSR1, SIG_IGN) == on_signal && raise(SIGUSR1) == 0 && handled == 2 * SIGUSR1);
  assert(kill(getpid(), 0) == 0 && raise(1000) == -1 && errno == EINVAL);
  install(SIGTERM, static_cast<int>(SA_RESETHAND));
  assert(raise(SIGTERM) == 0 && signal(SIGTERM, SIG_DFL) == SIG_DFL && raise(SIGCHLD) == 0);
  struct sigaction action = {};
  action.sa_sigaction = [](int number, siginfo_t* info, void*) { handled = info->si_signo + number; };
  action.sa_flags = SA_SIGINFO;
  assert(sigaction(SIGUSR2, &action, nullptr) == 0 && raise(SIGUSR2) == 0 && handled == 2 * SIGUSR2);
}

void to_a_thread(harness::Execution&) {
  handled = 0;
  install(SIGUSR1);
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  std::atomic<int> interruptions{0};
  std::thread waiter([&] {
    while (sem_wait(&semaphore) == -1) {
      assert(errno == EINTR);
      interruptions.fetch_add(1);
    }
  });
  assert(pthread_kill(waiter.native_handle(), SIGUSR1) == 0);
  while (handled == 0) {
  }
  assert(handled_by == waiter.native_handle());
  sem_post(&semaphore);
  waiter.join();
  assert(handled == SIGUSR1 && interruptions <= 1);
}

void masks(harness::Execution&) {
  handled = 0;
  install(SIGUSR1);
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  assert(pthread_sigmask(SIG_BLOCK, &set, &before) == 0 && !sigismember(&before, SIGUSR1));
  std::thread inherits([&] {
    raise(SIGUSR1);
    sigset_t pending;
    assert(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 1 && handled == 0);
  });
  inherits.join();
  raise(SIGUSR1);
  assert(handled == 0 && pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0 && handled == SIGUSR1);
}

void waits_for_signals(harness::Execution&) {
  handled = 0;
  install(SIGUSR2);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread waiter([&] {
    int got = 0;
    assert(sigwait(&set, &got) == 0 && got == SIGUSR1);
    const timespec soon = {0, 1000};
    siginfo_t info;
    assert(sigtimedwait(&set, &info, &soon) == -1 && errno == EAGAIN);
    sigset_t none;
    sigemptyset(&none);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    raise(SIGUSR2);
    assert(handled == 0 && sigsuspend(&none) == -1 && errno == EINTR && handled == SIGUSR2);
  });
  assert(pthread_kill(waiter.native_handle(), SIGUSR1) == 0);
  waiter.join();
}

sigjmp_buf back;

void jumps_out(harness::Execution&) {
  struct sigaction action = {};
  action.sa_handler = [](int) { siglongjmp(back, 1); };
  assert(sigaction(SIGUSR1, &action, nullptr) == 0);
  volatile int rounds = 0;
  if (sigsetjmp(back, 1) != 0) rounds = rounds + 1;
  if (rounds < 3) raise(SIGUSR1);
  assert(rounds == 3);
}

void default_action(harness::Execution&) { kill(getpid(), SIGTERM); }
void aborts_after_handler(harness::Execution&) {
  handled = 0;
  install(SIGABRT);
  abort();
}

// Its own crash handlers and alternative stack do not get in the way of ours.
void changes_handlers(harness::Execution&) {
  stack_t stack = {};
  stack.ss_size = 16384;
  stack.ss_sp = malloc(stack.ss_size);
  assert(sigaltstack(&stack, nullptr) == 0);
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE}) install(number);
  free(stack.ss_sp);
  volatile int* volatile nothing = nullptr;
  *nothing = 1;
}

// --- time

void sleeps(harness::Execution&) {
  timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  const timespec hour = {3600, 0};
  assert(nanosleep(&hour, nullptr) == 0);
  assert(clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, nullptr) == 0);
  assert(usleep(500'000) == 0 && sleep(7200) == 0);
  assert(poll(nullptr, 0, 3'600'000) == 0);
  timeval length = {3600, 0};
  assert(select(0, nullptr, nullptr, nullptr, &length) == 0);
  clock_gettime(CLOCK_MONOTONIC, &after);
  assert(after.tv_sec - before.tv_sec >= 6 * 3600 && after.tv_sec - before.tv_sec < 6 * 3600 + 60);
  timeval now;
  assert(gettimeofday(&now, nullptr) == 0 && now.tv_sec == time(nullptr));
  timespec stamp;
  assert(timespec_get(&stamp, TIME_UTC) == TIME_UTC && stamp.tv_sec == now.tv_sec);
  const clock_t used = clock();
  assert(clock() >= used);
}

// --- random numbers, the same in every replay

void random_numbers(harness::Execution&) {
  std::random_device device;
  std::uint64_t bits = 0;
  assert(getrandom(&bits, sizeof bits, 0) == sizeof bits && bits != 0);
  assert(getentropy(&bits, sizeof bits) == 0);
  assert(device() != device() || device() != device());
  assert(arc4random_uniform(10) < 10);
}

// glibc's generators begin anew in every execution.
void rand_begins_anew(harness::Execution& run) {
  std::atomic<int> steps{0};
  for (const char* name : {"first", "second"}) run.spawn(name, [&] { steps.fetch_add(1); });
  run.join();
  assert(rand() == 1804289383 && rand() == 846930886);
  srand(42);
  const int first = rand();
  srandom(42);
  assert(random() == first);
  srand48(1);
  const long third = lrand48();
  srand48(1);
  assert(lrand48() == third);
}

// The order of their draws decides; what is drawn comes up again when the schedule is replayed.
void unlucky(harness::Execution& run) {
  std::atomic<unsigned> first{0}, second{0};
  run.spawn("first", [&] {
    for (int i = 0; i < 8; ++i) first = std::random_device()();
  });
  run.spawn("second", [&] { second = std::random_device()(); });
  run.join();
  assert(second % 2 != 0);
}

void identity(harness::Execution&) {
  const pid_t main = gettid();
  assert(getpid() == main && std::thread::hardware_concurrency() == 4);
  assert(sysconf(_SC_NPROCESSORS_ONLN) == 4);
  std::thread([main] { assert(gettid() != main && getpid() == main); }).join();
}

// --- futexes

long futex(std::atomic<int>& word, int operation, int value, const timespec* time = nullptr,
           std::atomic<int>* other = nullptr, int third = 0) {
  return syscall(SYS_futex, &word, operation, value, time, other, third);
}

void futexes(harness::Execution& run) {
  static std::atomic<int> word;
  word = 0;
  run.spawn("waiter", [] {
    while (word == 0) futex(word, FUTEX_WAIT_PRIVATE, 0);
  });
  run.spawn("waker", [] {
    word = 1;
    futex(word, FUTEX_WAKE_PRIVATE, 1);
  });
  run.join();
  assert(futex(word, FUTEX_WAIT_PRIVATE, 0) == -1 && errno == EAGAIN);
  const timespec soon = {0, 1000};
  assert(futex(word, FUTEX_WAIT_PRIVATE, 1, &soon) == -1 && errno == ETIMEDOUT);
}

void requeue(harness::Execution& run) {
  static std::atomic<int> from, to, passed;
  from = to = passed = 0;
  for (const char* name : {"first", "second"})
    run.spawn(name, [] {
      futex(from, FUTEX_WAIT_PRIVATE, 0);
      passed.fetch_add(1);
    });
  run.spawn("waker", [] {
    long moved = 0;
    do {
      const timespec* const one = reinterpret_cast<const timespec*>(1);
      moved += futex(from, FUTEX_CMP_REQUEUE_PRIVATE, 1, one, &to, 0);
      futex(to, FUTEX_WAKE_PRIVATE, 1);
      sched_yield();
    } while (passed < 2);
    assert(moved <= 2);
  });
  run.join();
}

// --- other processes: refused

void forks(harness::Execution&) {
  if (fork() == 0) _exit(0);
}
void spawns_shell(harness::Execution&) { assert(system("true") == 0); }
void opens_pipe(harness::Execution&) { assert(popen("true", "r") != nullptr); }
void executes(harness::Execution&) { execl("/bin/true", "true", nullptr); }
void opens_named(harness::Execution&) { sem_open("/some", 0); }
void kills_parent(harness::Execution&) { kill(getppid(), SIGTERM); }

void sets_alarm(harness::Execution&) { alarm(1); }

// Memory of ten thousand executions; the page is shared, and so outlives what is restored between them.
struct Growth {
  Growth() {
    void* const page = mmap(nullptr, sizeof(long) * 2, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    counters = static_cast<long*>(page);
  }
  long* counters;
} growth;

long resident_pages() {
  const int file = static_cast<int>(syscall(SYS_open, "/proc/self/statm", 0));
  char text[128] = {};
  assert(syscall(SYS_read, file, text, sizeof text - 1) > 0);
  syscall(SYS_close, file);
  return strtol(strchr(text, ' '), nullptr, 10);
}

void grows_not(harness::Execution&) {
  std::vector<std::thread> threads;
  std::atomic<int> sum{0};
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      std::vector<std::string> texts(20, std::string(200, 'x'));
      sum.fetch_add(static_cast<int>(texts.size()));
    });
  for (std::thread& thread : threads) thread.join();
  const long execution = ++growth.counters[0];
  if (execution == 500) growth.counters[1] = resident_pages();
  if (execution % 1000 == 0) assert(resident_pages() <= growth.counters[1] + 300);
}

const std::map<std::string_view, void (*)(harness::Execution&)> programs = {
    {"c11-threads", c11_threads},
    {"c11-once", c11_once},
    {"raises", raises},
    {"to-a-thread", to_a_thread},
    {"masks", masks},
    {"waits-for-signals", waits_for_signals},
    {"jumps-out", jumps_out},
    {"default-action", default_action},
    {"aborts-after-handler", aborts_after_handler},
    {"changes-handlers", changes_handlers},
    {"sleeps", sleeps},
    {"random-numbers", random_numbers},
    {"rand-begins-anew", rand_begins_anew},
    {"unlucky", unlucky},
    {"identity", identity},
    {"futexes", futexes},
    {"requeue", requeue},
    {"forks", forks},
    {"spawns-shell", spawns_shell},
    {"opens-pipe", opens_pipe},
    {"executes", executes},
    {"opens-named", opens_named},
    {"kills-parent", kills_parent},
    {"sets-alarm", sets_alarm},
    {"grows-not", grows_not},
};

std::vector<harness::Variant> variants() {
  const std::map<std::string_view, const char*> others = {
      {"default-action", "crash"}, {"aborts-after-handler", "crash"}, {"changes-handlers", "crash"},
      {"unlucky", "assertion"}};
  std::vector<harness::Variant> all;
  for (const auto& [name, program] : programs)
    all.push_back({std::string(name), others.contains(name) ? others.at(name) : "pass"});
  return all;
}

}  // namespace

HARNESS_SCENARIO({
    .name = "surface_other",
    .about = "what a program asks of the system besides threads and locks",
    .variants = variants(),
    .play = [](harness::Execution& run, std::string_view variant) { programs.at(variant)(run); },
});
