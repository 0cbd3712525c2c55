#include "harness/engine/worker.hpp"

#include <fmt/format.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/single_threaded.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include "harness/engine/crash_handler.hpp"
#include "harness/engine/exit_handlers.hpp"
#include "harness/engine/hosted_worker.hpp"
#include "harness/engine/hosting.hpp"
#include "harness/engine/program_heap.hpp"
#include "harness/engine/registry.hpp"
#include "harness/engine/thread_keys.hpp"
#include "harness/engine/tool_heap.hpp"

namespace harness {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// ---------------------------------------------------------------------------------------------------------
// In the worker

bool is_over(const Shared& shared, const Job& job, Clock::time_point start, std::uint64_t execution) {
  if (shared.stop.load(std::memory_order_relaxed)) return true;
  if (job.max_executions != 0 && execution >= job.max_executions) return true;
  constexpr std::uint64_t between_looks = 16;
  return job.seconds > 0 && execution % between_looks == 0 && seconds_since(start) >= job.seconds;
}

// Nobody was asked anything in so many executions: they are all the same.
bool has_no_choices(const Shared& shared, std::uint64_t execution) {
  constexpr std::uint64_t enough = 64;
  return execution == enough && shared.longest.load() == 0 && shared.points.count.load() == 0 &&
         shared.cut_off.load() == 0;
}

WorkerEnd explore_in_worker(Shared& shared, const Job& job, Engine& engine, HostedWorker* hosted) {
  const Clock::time_point start = Clock::now();
  for (std::uint64_t execution = shared.executions.load();;) {
    if (is_over(shared, job, start, execution)) return WorkerEnd::budget;
    if (!job.strategy->begin(execution)) {
      shared.exhausted = job.strategy->exhausted();
      shared.bound = job.strategy->bound();
      return WorkerEnd::exhausted;
    }
    shared.strategy_memory.store(job.strategy->memory(), std::memory_order_relaxed);
    const std::uint32_t points = shared.points.count.load(std::memory_order_relaxed);
    const Engine::Outcome outcome = hosted != nullptr
                                        ? hosted->run(*job.scenario, job.variant, execution)
                                        : engine.run(*job.scenario, job.variant, execution);
    const bool counts = outcome != Engine::Outcome::abandoned && job.strategy->counts();
    if (shared.points.count.load(std::memory_order_relaxed) != points) job.strategy->reconsider();
    shared.strategy_memory.store(job.strategy->memory(), std::memory_order_relaxed);
    shared.leaves.store(job.strategy->leaves(), std::memory_order_relaxed);
    if (counts)
      shared.executions.store(++execution, std::memory_order_release);
    if (job.divergence) {
      const std::string divergence = job.divergence();
      copy_text(shared.divergence, sizeof shared.divergence, divergence);
      if (!divergence.empty()) return WorkerEnd::failed;
    }
    if (outcome == Engine::Outcome::failed) return WorkerEnd::failed;
    const bool violated = outcome == Engine::Outcome::violated;
    if (job.judge ? !job.judge(outcome) : violated)
      return violated ? WorkerEnd::violated : WorkerEnd::budget;
    if (has_no_choices(shared, execution)) {
      shared.exhausted = true;
      shared.bound = -1;
      return WorkerEnd::exhausted;
    }
    if (violated) shared.violation.set = false;
    if (outcome == Engine::Outcome::cut_off) shared.cut_off.fetch_add(1);
  }
}

// A search would print what the program prints a million times over. Standard output is never the program's:
// a verdict may be on its way there.
void redirect_output(bool shows_output) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  if (!shows_output) dup2(null, STDERR_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
}

// The program is to find the descriptors free that it finds free elsewhere.
void move_out_of_the_way(int descriptor) {
  if (fcntl(descriptor, F_DUPFD_CLOEXEC, 512) >= 0) close(descriptor);
}

[[noreturn]] void be_worker(Shared& shared, const Job& job, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);
  if (hosting() != nullptr)
    redirect_for_program(*hosting(), job.settings.records);
  else
    redirect_output(job.shows_output);
  std::signal(SIGINT, SIG_IGN);  // the terminal sends it to us as well; the watcher decides
  WorkerEnd end = WorkerEnd::failed;
  try {
    reserve_at(stack_range.base, stack_range.bytes, false);
    // On the heap: where an execution has a process of its own, what it changes here outlives it.
    const auto memory = std::make_unique<MappedMemory>();
    const auto snapshot = std::make_unique<Snapshot>();
    const Origin origin = origin_of(*job.scenario);
    program_heap().seal(origin.heap_part);
    exit_handlers().seal();
    const auto engine = std::make_unique<Engine>(shared, program_heap(), *memory, *snapshot);
    engine->configure(*job.strategy, job.settings);
    install_crash_handler(*engine, *memory, shared);
    std::unique_ptr<HostedWorker> hosted;
    if (hosting() == nullptr) {
      make_library_keys();
      snapshot->take(origin.module);
    } else {
      __libc_single_threaded = 0;  // it will not be, and is put back with libc's other variables
      if (hosting()->isolation == Isolation::fork) share_tool_memory_with_children();
      hosted = std::make_unique<HostedWorker>(*hosting(), *engine, shared);
      snapshot->take(*hosting());
    }
    end = explore_in_worker(shared, job, *engine, hosted.get());
    shared.end.store(end);
    _exit(0);
  } catch (const std::exception& error) {
    copy_text(shared.error, sizeof shared.error, error.what());
  }
  shared.end.store(end);
  _exit(0);
}

// ---------------------------------------------------------------------------------------------------------
// In the watching process

// Ends when the worker does: it holds the other end of a pipe.
class Watch {
 public:
  Watch(Shared& shared, const Job& job, pid_t worker, int pipe)
      : shared_(shared), job_(job), worker_(worker), pipe_(pipe), moved_at_(Clock::now()) {}

  WorkerResult until_it_ends() {
    pollfd wanted{pipe_, POLLIN, 0};
    while (poll(&wanted, 1, 100) <= 0) {
      if (job_.tick) job_.tick();
      if (job_.interrupted != nullptr && job_.interrupted->load()) shared_.stop.store(true);
      look_for_progress();
    }
    // The end of the pipe need not be the worker's: the program may have closed what is not its own.
    int status = 0;
    for (pid_t ended; (ended = waitpid(worker_, &status, WNOHANG)) != worker_;) {
      if (ended < 0 && errno != EINTR) break;
      poll(nullptr, 0, 1);
      if (job_.interrupted != nullptr && job_.interrupted->load()) shared_.stop.store(true);
      look_for_progress();
    }
    if (watchdog_) return {Lost::watchdog, 0, 0};
    if (WIFSIGNALED(status)) return {Lost::signal, WTERMSIG(status), 0};
    if (shared_.end.load() == WorkerEnd::running) return {Lost::exited, 0, WEXITSTATUS(status)};
    return {};
  }

 private:
  void look_for_progress() {
    const std::uint64_t now = shared_.executions.load() * 0x1'0000'0000 + shared_.steps.load();
    if (now != progress_) {
      progress_ = now;
      moved_at_ = Clock::now();
      return;
    }
    const double still = seconds_since(moved_at_);
    const bool hurry = shared_.stop.load();
    const double patience = hurry ? std::min(1.0, job_.watchdog_seconds) : job_.watchdog_seconds;
    if (still < patience) return;
    kill(worker_, watchdog_ ? SIGKILL : watchdog_signal);  // first it may say where it is
    watchdog_ = true;
    moved_at_ = Clock::now() - std::chrono::milliseconds(static_cast<int>(patience * 1000) - 500);
  }

  Shared& shared_;
  const Job& job_;
  pid_t worker_;
  int pipe_;
  Clock::time_point moved_at_;
  std::uint64_t progress_ = 0;
  bool watchdog_ = false;
};

}  // namespace

WorkerResult run_worker(Shared& shared, const Job& job) {
  shared.end.store(WorkerEnd::running);
  shared.points.start_with(job.points);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  const pid_t parent = getpid();
  stop_others_in_tool_heap();
  const pid_t worker = fork();
  let_others_into_tool_heap();
  if (worker < 0) {
    close(ends[0]);
    close(ends[1]);
    throw std::runtime_error(fmt::format("cannot make a worker process: {}", std::strerror(errno)));
  }
  if (worker == 0) {
    close(ends[0]);
    if (hosting() != nullptr) move_out_of_the_way(ends[1]);
    be_worker(shared, job, parent);
  }
  close(ends[1]);
  const WorkerResult result = Watch(shared, job, worker, ends[0]).until_it_ends();
  close(ends[0]);
  return result;
}

}  // namespace harness
