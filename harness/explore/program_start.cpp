// The start of a program that `harness run` has started: libc is about to call main(), and we are called in its
// place. Without a job nothing is done, and the program runs as it is.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "harness/engine/errors.hpp"
#include "harness/engine/host_environment.hpp"
#include "harness/engine/real.hpp"
#include "harness/explore/job_text.hpp"
#include "harness/explore/program.hpp"
#include "reports/json.hpp"

namespace harness {
namespace {

using Main = int (*)(int, char**, char**);

constexpr std::size_t largest_job = std::size_t{16} << 20;

Main main_of_program = nullptr;
std::atomic<bool> interrupted = false;

[[noreturn]] void end_process(int status) { real::_exit(status); __builtin_unreachable(); }

// Nobody is there to hear it but who set the variable.
[[noreturn]] void refuse(const std::string& why) {
  const std::string text = fmt::format(
      "harness: {} is set, but {}; it is for `harness run` to set. Unset it, and the program runs as it is.\n",
      job_variable, why);
  static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
  end_process(2);
}

std::string text_of_job(const char* number) {
  char* end = nullptr;
  const long file = std::strtol(number, &end, 10);
  struct stat status {};
  if (*number == 0 || *end != 0 || file < 0 || fstat(static_cast<int>(file), &status) != 0)
    refuse(fmt::format("'{}' is no descriptor that is open", number));
  if (!S_ISREG(status.st_mode) || status.st_size > static_cast<off_t>(largest_job))
    refuse("its descriptor is no file with a job");
  std::string text(static_cast<std::size_t>(status.st_size), 0);
  if (pread(static_cast<int>(file), text.data(), text.size(), 0) != status.st_size)
    refuse("its descriptor cannot be read");
  close(static_cast<int>(file));
  return text;
}

ProgramJob job_of(const char* number) {
  const std::string text = text_of_job(number);
  try {
    return read_job(text);
  } catch (const std::runtime_error& error) {
    refuse(fmt::format("its descriptor holds no job: {}", error.what()));
  }
}

void set_variable(const char* name, const std::optional<std::string>& value) {
  if (value)
    setenv(name, value->c_str(), 1);
  else
    unsetenv(name);
}

class Answers {
 public:
  explicit Answers(int socket) : socket_(socket) {}

  void line(std::string_view word, std::string_view rest = {}) const {
    std::string text = fmt::format("{} {}", word, rest);
    for (char& c : text)
      if (c == '\n') c = ' ';
    send(text + "\n");
  }
  void document(reports::Verdict verdict) const {
    reports::Report report;
    report.tool_version = "-";
    report.verdicts.push_back(std::move(verdict));
    const std::string text = reports::write_report(report);
    line(answer::verdict, std::to_string(text.size()));
    send(text);
  }
  void standing(Standing standing) const {
    std::string rest = std::to_string(standing.before.size());
    reports::Verdict verdict;
    verdict.outcome = "inconclusive";
    verdict.trace = std::move(standing.before);
    for (Standing::Task& task : standing.tasks) {
      rest += fmt::format(" {:d} {:d}", task.ready, task.chosen);
      verdict.trace.push_back(std::move(task.next));
    }
    line(answer::standing, rest);
    document(std::move(verdict));
  }

 private:
  // Who does not listen any more has ended us already, or is about to.
  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t wrote = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }

  int socket_;
};

std::size_t thread_count() {
  std::error_code error;
  const auto tasks = std::filesystem::directory_iterator("/proc/self/task", error);
  return error ? 1 : static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

void on_interrupt(int) { interrupted.store(true); }

Scenario scenario_of(const ProgramJob& job, int count, char** arguments, char** environment) {
  Scenario scenario;
  scenario.name = job.name;
  scenario.variants = {{"main", job.expected}};
  scenario.play = [=](Execution&, std::string_view) {
    std::exit(main_of_program(count, arguments, environment));
  };
  return scenario;
}

void explore_program(const ProgramJob& job, Hosting& host, const Answers& answers, int count,
                     char** arguments, char** environment) {
  if (const std::size_t threads = thread_count(); threads > 1)
    return answers.line(answer::usage,
                        fmt::format("the program has {} threads before main() is called, made by static initialisers; "
                                    "they cannot be controlled. Start them from main()",
                                    threads));
  Options options = job.options;
  options.interrupted = &interrupted;
  options.progress = [&](const Progress& progress) {
    answers.line(answer::progress, fmt::format("{} {} {} {}", progress.executions, progress.seconds, progress.orders,
                                               progress.leaves));
  };
  const Scenario scenario = scenario_of(job, count, arguments, environment);
  if (job.break_at != 0)
    answers.standing(stop_here(host, scenario, options, job.break_at));
  else
    answers.document(explore_here(host, scenario, options));
}

int start(int count, char** arguments, char** environment) {
  // The environment is the program's, on its heap; all that follows is ours.
  const ProgramJob job = job_of(getenv(job_variable));
  unsetenv(job_variable);
  set_variable("LD_LIBRARY_PATH", job.library_path);
  set_variable("LD_PRELOAD", job.preload);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  static Hosting host;
  const Hosted hosted(host);
  host.whole_program = true;
  host.main = reinterpret_cast<std::uintptr_t>(main_of_program);
  host.expected_status = job.expected_status;
  host.isolation = job.isolation;
  host.caller = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + 16;
  host.input = job.input;
  host.output = job.output;
  host.private_descriptor = job.answers;
  const Answers answers(job.answers);
  answers.line(answer::begun);
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  try {
    explore_program(job, host, answers, count, arguments, environment);
  } catch (const UsageError& error) {
    answers.line(answer::usage, error.what());
  } catch (const ReplayDiverged& error) {
    answers.line(answer::diverged, error.what());
  } catch (const std::exception& error) {
    answers.line(answer::failed, error.what());
  }
  end_process(0);
}

}  // namespace
}  // namespace harness

using StartMain = int(harness::Main, int, char**, void (*)(), void (*)(), void (*)(), void*);

extern "C" [[gnu::visibility("default")]] int __libc_start_main(harness::Main main, int count, char** arguments,
                                                                void (*init)(), void (*fini)(),
                                                                void (*dynamic_fini)(), void* stack_end) {
  auto* const real = reinterpret_cast<StartMain*>(harness::real::find("__libc_start_main"));
  if (harness::is_run_by_tool()) {
    harness::main_of_program = main;
    main = harness::start;
  }
  return real(main, count, arguments, init, fini, dynamic_fini, stack_end);
}
