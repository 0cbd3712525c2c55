#include "harness/engine/hosted_worker.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>

#include "harness/engine/crash_handler.hpp"
#include "harness/engine/program_memory.hpp"
#include "harness/engine/raw_syscall.hpp"

namespace harness {
namespace {

long child = 0;  // the process of the running execution

[[noreturn]] void leave_process(int status) {
  for (;;) raw_syscall(SYS_exit_group, status);
}

// As the child died.
[[noreturn]] void die_of(int status) {
  if (!WIFSIGNALED(status)) leave_process(WEXITSTATUS(status));
  signal(WTERMSIG(status), SIG_DFL);
  raw_syscall(SYS_kill, raw_syscall(SYS_getpid), WTERMSIG(status));
  leave_process(128 + WTERMSIG(status));
}

}  // namespace

bool ask_child() {
  if (child == 0 || child == raw_syscall(SYS_getpid)) return false;  // the child has the variable in common
  raw_syscall(SYS_kill, child, watchdog_signal);
  return true;
}

void redirect_for_program(const Hosting& host, bool records) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(host.input >= 0 ? host.input : null, STDIN_FILENO);
  lseek(STDIN_FILENO, 0, SEEK_SET);
  const bool shows = records && host.output >= 0;
  if (shows && ftruncate(host.output, 0) == 0) lseek(host.output, 0, SEEK_SET);
  dup2(shows ? host.output : null, STDOUT_FILENO);
  dup2(STDOUT_FILENO, STDERR_FILENO);
  for (const int number : {null, host.input, host.output, host.private_descriptor})
    if (number > STDERR_FILENO) close(number);
}

HostedWorker::HostedWorker(const Hosting& host, Engine& engine, Shared& shared)
    : host_(host), engine_(engine), shared_(shared), files_(std::make_unique<OpenFiles>()) {
  for (const std::string& name : uninstrumented_objects())
    engine.note_uncontrolled(
        fmt::format("{}: not compiled with -fsanitize=thread, its accesses and atomics are not seen", name)
            .c_str());
  loaded_ = objects_loaded();
  if (host.isolation == Isolation::restore)
    mapped_ = mapped_by_others(host.caller);
  else  // what the engine keeps for it is there in the child as well, then
    for (const AddressRange& range : program_memory(host.caller)) engine.expect_memory(range.base);
}

Engine::Outcome HostedWorker::run(const Scenario& scenario, std::string_view variant, std::uint64_t number) {
  const Engine::Outcome outcome = host_.isolation == Isolation::fork
                                      ? run_in_child(scenario, variant, number)
                                      : engine_.run(scenario, variant, number);
  put_back(number);
  return outcome;
}

void HostedWorker::put_back(std::uint64_t number) {
  if (!files_->restore()) {
    copy_text(host_.notes->escaped, sizeof host_.notes->escaped, "it closes descriptors that it did not open");
    files_ = std::make_unique<OpenFiles>();
  }
  if (host_.isolation == Isolation::restore && std::has_single_bit(number + 1)) look_for_changes();
}

// What has been mapped behind our back (by libc for a locale, by a library that was loaded) is not put back.
void HostedWorker::look_for_changes() {
  std::vector<AddressRange> now = mapped_by_others(host_.caller);
  if (now == mapped_ && objects_loaded() == loaded_) return;
  mapped_ = std::move(now);
  loaded_ = objects_loaded();
  if (host_.notes->escaped[0] == 0)
    copy_text(host_.notes->escaped, sizeof host_.notes->escaped,
              "it maps files, or loads libraries, that stay from one execution to the next");
}

// The child has all that the tool has in common with us, and the program's memory for itself.
Engine::Outcome HostedWorker::run_in_child(const Scenario& scenario, std::string_view variant,
                                           std::uint64_t number) {
  is_said_ = false;
  const long parent = raw_syscall(SYS_getpid);
  const long process = raw_syscall(SYS_fork);
  if (process < 0) {
    copy_text(shared_.error, sizeof shared_.error, "no process can be made for an execution");
    return Engine::Outcome::failed;
  }
  if (process == 0) {
    raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (raw_syscall(SYS_getppid) != parent) leave_process(0);
    outcome_ = engine_.run(scenario, variant, number);
    is_said_ = true;
    leave_process(0);
  }
  child = process;
  int status = 0;
  while (raw_syscall(SYS_wait4, process, reinterpret_cast<long>(&status), 0, 0) == -EINTR) {
  }
  child = 0;
  if (!is_said_) die_of(status);
  engine_.own_fibers();
  return outcome_;
}

}  // namespace harness
