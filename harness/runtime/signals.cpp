// Signals that the program sends to itself, and the handlers, masks and waits that belong to them.
#include "harness/engine/signals.hpp"

#include <cerrno>

#include "harness/engine/sync.hpp"
#include "harness/runtime/cancellation.hpp"
#include "harness/runtime/clock.hpp"
#include "harness/runtime/identity.hpp"

namespace harness {
namespace {

int set_action(int signal, const struct sigaction* action, struct sigaction* before) {
  if (!is_signal(signal)) return errno = EINVAL, -1;
  const Entered entered;
  if (before != nullptr) *before = entered->signal_actions().at(signal);
  if (action == nullptr) return 0;
  if (signal == SIGKILL || signal == SIGSTOP) return errno = EINVAL, -1;
  if (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL)
    entered->note_uncontrolled("a handler for faults: a fault ends the execution before it is called");
  entered->signal_actions().set(signal, *action);
  return 0;
}

// Also what glibc reserves for itself must stay unblocked; it makes no difference here.
int change_mask(int how, const sigset_t* set, sigset_t* before) {
  const Entered entered;
  Task& me = entered->current();
  forget_left_handlers(me);
  if (before != nullptr) *before = set_of(me.signals_blocked);
  if (set == nullptr) return 0;
  const std::uint64_t bits = bits_of(*set) & ~(bit_of(SIGKILL) | bit_of(SIGSTOP));
  switch (how) {
    case SIG_BLOCK: me.signals_blocked |= bits; break;
    case SIG_UNBLOCK: me.signals_blocked &= ~bits; break;
    case SIG_SETMASK: me.signals_blocked = bits; break;
    default: return EINVAL;
  }
  if ((me.signals_pending & ~me.signals_blocked) != 0) entered->expect_handlers();
  return 0;
}

int send_to(pthread_t handle, int signal, std::uintptr_t where) {
  if (signal != 0 && !is_signal(signal)) return EINVAL;
  const Entered entered;
  Task* const task = entered->find_thread(handle);
  if (task == nullptr) return ESRCH;
  send_signal(*entered, *task, signal, where);
  return 0;
}

int send_to_process(pid_t process, int signal, std::uintptr_t where) {
  if (signal != 0 && !is_signal(signal)) return errno = EINVAL, -1;
  const Entered entered;
  if (process != program_pid && process != real::getpid() && process != 0) {
    if (signal == 0) return errno = ESRCH, -1;
    entered->fail("kill() of another process: the program under test may send signals to itself only");
  }
  Task& receiver = signal == 0 ? entered->current() : receiver_of(*entered, signal);
  send_signal(*entered, receiver, signal, where);
  return 0;
}

int suspend(std::uint64_t blocked, std::uintptr_t where) {
  cancellation_point([=](Engine& engine) {
    wait_for_handler(engine, blocked, where);
    return 0;
  });
  return errno = EINTR, -1;
}

int await(const sigset_t* set, siginfo_t* info, std::uint64_t deadline_ns, std::uintptr_t where) {
  const int signal = cancellation_point(
      [=](Engine& engine) { return take_signal(engine, bits_of(*set), deadline_ns, where); });
  if (signal <= 0) return errno = signal == 0 ? EAGAIN : EINTR, -1;
  if (info != nullptr) {
    *info = {};
    info->si_signo = signal;
    info->si_code = SI_USER;
  }
  return signal;
}

// Timers that send signals: accepted, and never due.
void note_timer(const char* text) { Entered()->note_uncontrolled(text); }

}  // namespace
}  // namespace harness

using harness::active;
using harness::Entered;
namespace real = harness::real;

HARNESS_EXPORT int sigaction(int signal, const struct sigaction* action, struct sigaction* before) noexcept {
  if (active == nullptr) return real::sigaction(signal, action, before);
  return harness::set_action(signal, action, before);
}
HARNESS_EXPORT sighandler_t signal(int signal, sighandler_t handler) noexcept {
  if (active == nullptr) return real::signal(signal, handler);
  struct sigaction action = {};
  struct sigaction before = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  return harness::set_action(signal, &action, &before) == 0 ? before.sa_handler : SIG_ERR;
}
HARNESS_EXPORT int sigaltstack(const stack_t* stack, stack_t* before) noexcept {
  if (active == nullptr) return real::sigaltstack(stack, before);
  if (before != nullptr) *before = {nullptr, SS_DISABLE, 0};  // handlers run on the stack of the task
  return 0;
}
HARNESS_EXPORT int pthread_sigmask(int how, const sigset_t* set, sigset_t* before) noexcept {
  if (active == nullptr) return real::pthread_sigmask(how, set, before);
  return harness::change_mask(how, set, before);
}
HARNESS_EXPORT int sigprocmask(int how, const sigset_t* set, sigset_t* before) noexcept {
  if (active == nullptr) return real::sigprocmask(how, set, before);
  const int error = harness::change_mask(how, set, before);
  return error == 0 ? 0 : (errno = error, -1);
}
HARNESS_EXPORT int sigpending(sigset_t* set) noexcept {
  if (active == nullptr) return real::sigpending(set);
  const harness::Task& me = active->current();
  *set = harness::set_of(me.signals_pending & me.signals_blocked);
  return 0;
}

HARNESS_EXPORT int raise(int signal) noexcept {
  if (active == nullptr) return real::raise(signal);
  const int error = harness::send_to(pthread_self(), signal, HARNESS_CALLER);
  return error == 0 ? 0 : (errno = error, -1);
}
HARNESS_EXPORT int pthread_kill(pthread_t handle, int signal) noexcept {
  if (active == nullptr) return real::pthread_kill(handle, signal);
  return harness::send_to(handle, signal, HARNESS_CALLER);
}
HARNESS_EXPORT int pthread_sigqueue(pthread_t handle, int signal, const sigval value) noexcept {
  if (active == nullptr) return real::pthread_sigqueue(handle, signal, value);
  return harness::send_to(handle, signal, HARNESS_CALLER);
}
HARNESS_EXPORT int kill(pid_t process, int signal) noexcept {
  if (active == nullptr) return real::kill(process, signal);
  return harness::send_to_process(process, signal, HARNESS_CALLER);
}

HARNESS_EXPORT int pause() {
  if (active == nullptr) return real::pause();
  return harness::suspend(active->current().signals_blocked, HARNESS_CALLER);
}
HARNESS_EXPORT int sigsuspend(const sigset_t* set) {
  if (active == nullptr) return real::sigsuspend(set);
  return harness::suspend(harness::bits_of(*set), HARNESS_CALLER);
}
HARNESS_EXPORT int sigwaitinfo(const sigset_t* set, siginfo_t* info) {
  if (active == nullptr) return real::sigwaitinfo(set, info);
  return harness::await(set, info, harness::no_deadline, HARNESS_CALLER);
}
HARNESS_EXPORT int sigtimedwait(const sigset_t* set, siginfo_t* info, const timespec* time) {
  if (active == nullptr) return real::sigtimedwait(set, info, time);
  if (time != nullptr && !harness::is_valid(*time)) return errno = EINVAL, -1;
  const std::uint64_t deadline =
      time == nullptr ? harness::no_deadline : std::max<std::uint64_t>(1, active->now_ns() + harness::to_ns(*time));
  return harness::await(set, info, deadline, HARNESS_CALLER);
}
HARNESS_EXPORT int sigwait(const sigset_t* set, int* signal) {
  if (active == nullptr) return real::sigwait(set, signal);
  int got = -1;
  while (got < 0) got = harness::await(set, nullptr, harness::no_deadline, HARNESS_CALLER);
  *signal = got;
  return 0;
}

HARNESS_EXPORT unsigned alarm(unsigned seconds) noexcept {
  if (active == nullptr) return real::alarm(seconds);
  harness::note_timer("alarm(): its signal is never sent");
  return 0;
}
// Named through asm labels: glibc declares the first parameter as an enumeration or an int.
HARNESS_EXPORT int harness_setitimer(int which, const itimerval* wanted, itimerval* before) __asm__("setitimer");
int harness_setitimer(int which, const itimerval* wanted, itimerval* before) {
  if (active == nullptr) return real::setitimer(static_cast<__itimer_which>(which), wanted, before);
  harness::note_timer("setitimer(): its signal is never sent");
  if (before != nullptr) *before = {};
  return 0;
}
HARNESS_EXPORT int timer_create(clockid_t clock, sigevent* event, timer_t* timer) noexcept {
  if (active == nullptr) return real::timer_create(clock, event, timer);
  harness::note_timer("timer_create(): the timer never expires");
  *timer = nullptr;
  return 0;
}
HARNESS_EXPORT int timer_settime(timer_t timer, int flags, const itimerspec* wanted,
                                 itimerspec* before) noexcept {
  if (active == nullptr) return real::timer_settime(timer, flags, wanted, before);
  if (before != nullptr) *before = {};
  return 0;
}
HARNESS_EXPORT int timer_delete(timer_t timer) noexcept {
  return active == nullptr ? real::timer_delete(timer) : 0;
}
