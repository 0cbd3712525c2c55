// The handlers of fatal signals and of std::terminate. They write to the board first and walk the
// stack afterwards, because the walk may fail.
#include "harness/stress/crash.hpp"

#include <sys/mman.h>
#include <ucontext.h>
#include <unwind.h>

#include <csignal>
#include <cstring>
#include <exception>

#include "harness/stress/invisible.hpp"
#include "harness/stress/recorder.hpp"

namespace harness::stress_mode {
namespace {

constexpr std::size_t stack_bytes = 64 << 10;

Board* board = nullptr;
std::byte* stacks = nullptr;

// The call stack from the instruction that failed outwards.
struct Walk {
  std::uintptr_t failed_at;
  bool reached;
  Recorded* to;
};

_Unwind_Reason_Code take_frame(_Unwind_Context* context, void* argument) {
  auto& walk = *static_cast<Walk*>(argument);
  int exact = 0;
  const std::uintptr_t address = _Unwind_GetIPInfo(context, &exact);
  walk.reached = walk.reached || address == walk.failed_at;
  if (!walk.reached) return _URC_NO_REASON;
  if (walk.to->depth == walk.to->stack.size()) return _URC_END_OF_STACK;
  // Return addresses are looked up one byte earlier, so an exact one is told one byte later.
  walk.to->stack[walk.to->depth++] = exact != 0 ? address + 1 : address;
  return _URC_NO_REASON;
}

// Memory may be gone before the call that takes it away is over and recorded: without it nobody could say
// who did. A tenth of a second is plenty; a call that never returns is not waited for.
void wait_for_pending_call() {
  const timespec moment{0, 100'000};
  for (int i = 0; i < 1000; ++i) {
    const bool active = __atomic_load_n(&board->pending.active, __ATOMIC_ACQUIRE);
    if (!active || board->pending.task == known_task()) return;
    syscall(SYS_nanosleep, &moment, nullptr);
  }
}

void on_signal(int signal, siginfo_t* info, void* raw_context) {
  wait_for_pending_call();
  claim_finding(*board);
  const auto& context = *static_cast<const ucontext_t*>(raw_context);
  const auto failed_at = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
  Crash& crash = board->crash;
  crash.signal = signal;
  crash.task = known_task();
  crash.step = board->step.load();
  crash.asserted = false;
  crash.text[0] = 0;
  // The kernel knows the address but for general protection faults and for signals sent by kill().
  crash.has_address =
      (signal == SIGSEGV || signal == SIGBUS) && info->si_code > 0 && info->si_code != SI_KERNEL;
  crash.address = crash.has_address ? reinterpret_cast<std::uintptr_t>(info->si_addr) : 0;
  crash.writes = (context.uc_mcontext.gregs[REG_ERR] & 2) != 0;
  crash.at.event.where = failed_at + 1;
  crash.at.stack[0] = failed_at + 1;
  crash.at.depth = 1;
  board->stage.store(Stage::crashed);  // said before the unwinder can fail
  Recorded full;
  Walk walk{failed_at, false, &full};
  _Unwind_Backtrace(take_frame, &walk);
  if (full.depth > 0) {
    crash.at.stack = full.stack;
    crash.at.depth = full.depth;
  }
  end_worker(*board, Stage::crashed);
}

[[noreturn]] void on_terminate() {
  claim_finding(*board);
  Crash& crash = board->crash;
  crash.task = known_task();
  crash.step = board->step.load();
  copy_text(crash.text, "std::terminate was called");
  if (const std::exception_ptr thrown = std::current_exception()) {
    copy_text(crash.text, "an exception that nobody caught");
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      copy_text(crash.text, error.what());
    } catch (...) {
    }
  }
  crash.at.event.where = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  board->stage.store(Stage::crashed);
  Walk walk{0, true, &crash.at};
  _Unwind_Backtrace(take_frame, &walk);
  end_worker(*board, Stage::crashed);
}

}  // namespace

void catch_crashes(Board& to) {
  board = &to;
  const long address = syscall(SYS_mmap, nullptr, max_tasks * stack_bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
  if (address != -1) stacks = reinterpret_cast<std::byte*>(address);
  // The unwinder reads its tables at its first use; let that be now, not in a handler.
  Recorded ignored;
  Walk walk{0, true, &ignored};
  _Unwind_Backtrace(take_frame, &walk);

  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  sigfillset(&action.sa_mask);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP, SIGSYS})
    sigaction(signal, &action, nullptr);  // a second one inside the handler ends the process
  std::set_terminate(on_terminate);
}

void use_alternate_stack(TaskId task) {
  if (stacks == nullptr) return;
  stack_t stack{};
  stack.ss_sp = stacks + std::size_t{task} * stack_bytes;
  stack.ss_size = stack_bytes;
  sigaltstack(&stack, nullptr);
}

}  // namespace harness::stress_mode
