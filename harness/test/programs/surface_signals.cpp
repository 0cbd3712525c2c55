// Waits that signals end, and the order of a signal and a wait. What must not pass says so below.
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/select.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>
#include <thread>

#undef NDEBUG
#include <cassert>

#include "harness/scenario.hpp"
#include "harness/test/programs/table.hpp"

namespace {

std::atomic<int> handled;

void install(int signal) {
  handled = 0;
  struct sigaction action = {};
  action.sa_handler = [](int which) { handled.fetch_add(which); };
  assert(sigaction(signal, &action, nullptr) == 0);
}

// A signal is let in by the wait alone; one that is kept out by it must not end it.
void waits_with_a_mask(harness::Execution&) {
  install(SIGUSR1);
  sigset_t all;
  sigset_t none;
  sigemptyset(&none);
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::thread waiter([&] {
    assert(ppoll(nullptr, 0, nullptr, &none) == -1 && errno == EINTR && handled == SIGUSR1);
    sigset_t now;
    assert(pthread_sigmask(SIG_BLOCK, nullptr, &now) == 0 && sigismember(&now, SIGUSR1) == 1);
    raise(SIGUSR1);
    const timespec soon = {0, 1000};
    assert(pselect(0, nullptr, nullptr, nullptr, &soon, &all) == 0);
  });
  assert(pthread_kill(waiter.native_handle(), SIGUSR1) == 0);
  waiter.join();
}

// What comes between the look and the wait is lost.
void waits_after_a_look(int (*wait)()) {
  install(SIGUSR1);
  const pthread_t me = pthread_self();
  std::thread other([me] { pthread_kill(me, SIGUSR1); });
  while (handled == 0) wait();
  other.join();
}
void pauses_after_a_look(harness::Execution&) { waits_after_a_look(pause); }
void polls_after_a_look(harness::Execution&) {
  waits_after_a_look([] { return poll(nullptr, 0, -1); });
}

// Let in by the wait alone, it is not.
void suspends_after_a_look(harness::Execution&) {
  sigset_t user;
  sigemptyset(&user);
  sigaddset(&user, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &user, nullptr);
  waits_after_a_look([] {
    sigset_t none;
    sigemptyset(&none);
    return sigsuspend(&none);
  });
}

// The handler leaves a byte where the wait sees it.
int self_pipe[2];
void polls_its_own_pipe(harness::Execution&) {
  install(SIGUSR1);
  assert(pipe(self_pipe) == 0);
  struct sigaction action = {};
  action.sa_handler = [](int which) {
    assert(write(self_pipe[1], "", 1) == 1);
    handled.fetch_add(which);
  };
  assert(sigaction(SIGUSR1, &action, nullptr) == 0);
  const pthread_t me = pthread_self();
  std::thread other([me] { pthread_kill(me, SIGUSR1); });
  while (handled == 0) {
    pollfd end{self_pipe[0], POLLIN, 0};
    assert(poll(&end, 1, -1) == 1 || errno == EINTR);
  }
  other.join();
  close(self_pipe[0]);
  close(self_pipe[1]);
}

const harness::test::Programs programs = {
    {"waits-with-a-mask", {waits_with_a_mask}},
    {"pauses-after-a-look", {pauses_after_a_look, "deadlock"}},
    {"polls-after-a-look", {polls_after_a_look, "deadlock"}},
    {"suspends-after-a-look", {suspends_after_a_look}},
    {"polls-its-own-pipe", {polls_its_own_pipe}},
};

}  // namespace

HARNESS_SCENARIO({
    .name = "surface_signals",
    .about = "signals, and the waits that they end",
    .variants = variants_of(programs),
    .play = [](harness::Execution& run,
               std::string_view variant) { programs.at(variant).play(run); },
});
