#include "harness/engine/signals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/engine/sync.hpp"

namespace harness {
namespace {

bool is_ignored_by_default(int signal) {
  return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT;
}

const char* fault_name(int signal) {
  switch (signal) {
    case SIGSEGV: return "segmentation fault";
    case SIGABRT: return "abort()";
    case SIGFPE: return "arithmetic exception";
    default: return nullptr;
  }
}

}  // namespace

std::uint64_t bits_of(const sigset_t& set) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &set, sizeof bits);
  return bits;
}

sigset_t set_of(std::uint64_t bits) {
  sigset_t set;
  sigemptyset(&set);
  std::memcpy(&set, &bits, sizeof bits);
  return set;
}

void send_signal(Engine& engine, Task& task, int signal, std::uintptr_t where) {
  engine.reach({.op = Op::signal, .before = static_cast<std::uint64_t>(signal), .value = task.id,
                .where = where});
  engine.executed();
  if (signal == 0 || task.done) return;
  if (&task == &engine.current()) forget_left_handlers(task);
  const auto& action = engine.signal_actions().at(signal);
  const bool wanted = (task.signals_awaited & bit_of(signal)) != 0;
  const bool ignored = action.sa_handler == SIG_IGN ||
                       (action.sa_handler == SIG_DFL && is_ignored_by_default(signal));
  if (ignored && !wanted) return;
  task.signals_pending |= bit_of(signal);
  engine.races().release_join(task.signal_clock);
  engine.expect_handlers();
  if (wanted || (task.signals_blocked & bit_of(signal)) == 0) interrupt(engine, task);
}

Task& receiver_of(Engine& engine, int signal) {
  const auto takes = [&](const Task& task) {
    return !task.done && (task.signals_blocked & bit_of(signal)) == 0;
  };
  if (takes(engine.current())) return engine.current();
  for (std::size_t i = 0; i < engine.task_count(); ++i)
    if (Task& task = engine.task(static_cast<TaskId>(i)); takes(task)) return task;
  return engine.current();
}

void wait_for_handler(Engine& engine, std::uint64_t blocked, std::uintptr_t where) {
  Task& me = engine.current();
  const std::uint64_t before = std::exchange(me.signals_blocked, blocked);
  const Event event{.op = Op::signal, .value = me.id, .where = where};
  engine.reach(event);
  engine.executed();
  // What has come by now came before the call, unless it is the call that lets it in.
  if (blocked == before) engine.run_handlers();
  if ((me.signals_pending & ~blocked) == 0 && !me.must_end()) {
    WaitList alone;
    engine.wait_interruptibly(alone, event, no_deadline, WaitsFor::condition);
    engine.executed();
  }
  me.interrupted = true;
  me.signals_blocked_after_handler = before;
  me.restores_blocked = true;
  engine.expect_handlers();
}

int take_signal(Engine& engine, std::uint64_t awaited, std::uint64_t deadline_ns, std::uintptr_t where) {
  Task& me = engine.current();
  const Event event{.op = Op::signal, .value = me.id, .where = where};
  engine.reach(event);
  engine.executed();
  bool timed_out = false;
  if ((me.signals_pending & awaited) == 0 && !me.must_end()) {
    me.signals_awaited = awaited;
    WaitList alone;
    timed_out = engine.wait_interruptibly(alone, event, deadline_ns, WaitsFor::condition);
    engine.executed();
    me.signals_awaited = 0;
  }
  const std::uint64_t arrived = me.signals_pending & awaited;
  engine.races().acquire(me.signal_clock);
  if (arrived == 0) {
    me.interrupted = !timed_out;
    return timed_out ? 0 : -1;
  }
  me.signals_pending &= ~(arrived & -arrived);
  return std::countr_zero(arrived) + 1;
}

// siglongjmp() out of a handler unblocks what the handler blocked.
void forget_left_handlers(Task& me) {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  while (!me.handlers.empty() && me.handlers.back().frame < here) {
    me.signals_blocked = me.handlers.back().blocked_before;
    me.handlers.pop_back();
  }
}

// ---------------------------------------------------------------------------------------------------------

// Called when the current task goes back to the program, and still in tool mode: what is called here is not
// the program's, and would come back here. A signal that stays blocked orders nothing.
void Engine::run_handlers() {
  Task& me = *current_;
  forget_left_handlers(me);
  // Not for what comes here from within the handler.
  const bool restores = std::exchange(me.restores_blocked, false);
  while (const std::uint64_t due = me.signals_pending & ~me.signals_blocked) {
    me.signals_pending &= ~(due & -due);
    races_.acquire(me.signal_clock);
    handle(std::countr_zero(due) + 1);
  }
  if (restores) {
    me.signals_blocked = me.signals_blocked_after_handler;
    if ((me.signals_pending & ~me.signals_blocked) != 0) run_handlers();
  }
  const auto idle = [](const auto& task) { return task->signals_pending == 0; };
  const auto end = tasks_.begin() + static_cast<std::ptrdiff_t>(task_count_);
  handlers_expected_ = !std::all_of(tasks_.begin(), end, idle);
}

void Engine::handle(int signal) {
  const struct sigaction action = signal_actions_.at(signal);
  if (action.sa_handler == SIG_IGN) return;
  if (action.sa_handler == SIG_DFL) {
    if (is_ignored_by_default(signal)) return;
    const std::string text = fmt::format("killed by signal {} ({})", signal, strsignal(signal));
    crashed(fault_name(signal) != nullptr ? fault_name(signal) : text.c_str(), 0, false, now_.where);
  }
  Task& me = *current_;
  const int error = errno;
  me.handlers.push_back({reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)), me.signals_blocked});
  me.signals_blocked |= bits_of(action.sa_mask);
  if ((action.sa_flags & SA_NODEFER) == 0) me.signals_blocked |= bit_of(signal);
  if ((action.sa_flags & SA_RESETHAND) != 0) signal_actions_.set(signal, {});
  siginfo_t info = {};
  info.si_signo = signal;
  info.si_code = SI_TKILL;
  active = this;
  if ((action.sa_flags & SA_SIGINFO) != 0)
    action.sa_sigaction(signal, &info, nullptr);
  else
    action.sa_handler(signal);
  active = nullptr;
  me.signals_blocked = me.handlers.back().blocked_before;
  me.handlers.pop_back();
  errno = error;
}

}  // namespace harness
