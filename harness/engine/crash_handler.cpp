#include "harness/engine/crash_handler.hpp"

#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include <csignal>

#include "harness/engine/errors.hpp"
#include "harness/engine/hosted_worker.hpp"

namespace harness {
namespace {

struct {
  Engine* engine;
  MappedMemory* memory;
  Shared* shared;
} at;

const char* name_of_signal(int signal) {
  switch (signal) {
    case SIGSEGV: return "segmentation fault";
    case SIGBUS: return "bus error";
    case SIGFPE: return "arithmetic exception";
    case SIGILL: return "illegal instruction";
    case SIGABRT: return "abort()";
    case SIGTRAP: return "trap";
    case SIGSYS: return "forbidden system call";
    default: return "signal";
  }
}

bool is_memory_fault(int signal) { return signal == SIGSEGV || signal == SIGBUS; }

// The instruction pointer, as a return address: look-ups subtract one.
std::uintptr_t interrupted_at(void* context) {
  const auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  return static_cast<std::uintptr_t>(registers[REG_RIP]) + 1;
}

void on_fault(int signal, siginfo_t* info, void* context) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  if (is_memory_fault(signal) && at.memory->touch(address)) return;
  const std::uintptr_t where = interrupted_at(context);
  active = nullptr;
  at.shared->fault.address = address;
  at.shared->fault.where = where;
  at.shared->fault.signal.store(signal);
  if (!at.engine->is_running()) _exit(3);
  const bool overflow = is_memory_fault(signal) && at.engine->current().fiber->guard().contains(address);
  at.engine->crashed(overflow ? "stack overflow" : name_of_signal(signal), address,
                     is_memory_fault(signal) && !overflow, where);
}

void on_watchdog(int, siginfo_t*, void* context) {
  if (ask_child()) return;
  active = nullptr;
  at.engine->note_stall(interrupted_at(context));
  _exit(0);
}

void on_internal_error(const char* text) {
  active = nullptr;
  copy_text(at.shared->error, sizeof at.shared->error, text);
  at.shared->end.store(WorkerEnd::failed);
  _exit(3);
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void install_crash_handler(Engine& engine, MappedMemory& memory, Shared& shared) {
  at = {&engine, &memory, &shared};
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  constexpr std::size_t stack_bytes = std::size_t{256} << 10;
  stack_t stack = {};
  stack.ss_sp = map_anonymous(stack_bytes, false);
  stack.ss_size = stack_bytes;
  sigaltstack(&stack, nullptr);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) handle(signal, on_fault);
  std::signal(SIGPIPE, SIG_IGN);  // the engine sends it, see runtime/descriptors.cpp
  handle(watchdog_signal, on_watchdog);
  on_check_failed(on_internal_error);
}

}  // namespace harness
