// The process of a program: what it inherits, and what it tells.
#include "harness/cli/program_process.hpp"

#include "harness/engine/errors.hpp"

#if HARNESS_ENGINE

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "harness/cli/files.hpp"
#include "harness/engine/host_environment.hpp"
#include "harness/explore/job_text.hpp"
#include "reports/json.hpp"

namespace harness::cli {
namespace {

constexpr int first_number = 600;  // of the descriptors that it inherits, out of the program's way
constexpr std::size_t most_input = std::size_t{256} << 20;
constexpr double patience_s = 30;  // with what the program does before main()

[[noreturn]] void refuse(const char* what) {
  throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int number() const { return number_; }
  void reset() {
    if (number_ >= 0) close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

Descriptor high(int number) {
  const Descriptor low(number);
  if (number < 0) refuse("cannot make a file for the program");
  Descriptor moved(fcntl(number, F_DUPFD_CLOEXEC, first_number));
  if (moved.number() < 0) refuse("cannot open enough files (see `ulimit -n`; 1024 is enough)");
  return moved;
}

Descriptor memory_file(const char* name) { return high(memfd_create(name, MFD_CLOEXEC)); }

// Read once, so that every execution finds the same. A terminal is nobody's to read a thousand times.
Descriptor input_of_program() {
  Descriptor file = memory_file("input");
  if (isatty(STDIN_FILENO)) return file;
  std::vector<char> part(1 << 16);
  std::size_t all = 0;
  for (ssize_t got; (got = read(STDIN_FILENO, part.data(), part.size())) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;  // closed, or a directory: the program finds it empty
    all += static_cast<std::size_t>(got);
    if (all > most_input)
      throw UsageError("standard input is larger than 256 MiB; give the program a file to read instead");
    const std::string problem = write_all(file.number(), {part.data(), static_cast<std::size_t>(got)});
    if (!problem.empty()) throw std::runtime_error("cannot keep the program's input: " + problem);
  }
  return file;
}

std::string directory_of_runtime() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&write_job), &info) == 0)
    throw std::runtime_error("cannot find the runtime library");
  return std::filesystem::absolute(info.dli_fname).parent_path().string() + "/harness/tsan";
}

std::optional<std::string> variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

class Environment {
 public:
  explicit Environment(const std::string& runtime) {
    for (char** entry = environ; *entry != nullptr; ++entry) all_.emplace_back(*entry);
    const auto before = [](const std::string& ours, const std::optional<std::string>& theirs) {
      return theirs ? ours + ":" + *theirs : ours;
    };
    set("LD_LIBRARY_PATH", before(runtime, variable("LD_LIBRARY_PATH")));
    set("LD_PRELOAD", before("libharness_runtime.so", variable("LD_PRELOAD")));
  }
  void set(const std::string& name, const std::string& value) {
    std::erase_if(all_, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    all_.push_back(name + "=" + value);
  }
  std::vector<std::string> all() const { return all_; }

 private:
  std::vector<std::string> all_;
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

Isolation isolation_of(const std::string& name) {
  for (const Isolation isolation : {Isolation::restore, Isolation::fork})
    if (name == name_of(isolation)) return isolation;
  return Isolation::automatic;
}

class Process {
 public:
  Process(const Program& program, const Request& request, std::uint32_t break_at = 0)
      : program_(program), request_(request), break_at_(break_at), input_(input_of_program()), output_(memory_file("output")) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) refuse("cannot make a socket");
    answers_ = Descriptor(ends[0]);
    theirs_ = high(ends[1]);
    job_ = memory_file("job");
    const std::string problem = write_all(job_.number(), write_job(job()));
    if (!problem.empty()) throw std::runtime_error("cannot write the program's job: " + problem);
  }

  ~Process() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    wait_for_end();
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  reports::Verdict run() {
    start();
    std::optional<reports::Verdict> verdict;
    started_ = Clock::now();
    while (!verdict && listen()) verdict = understand();
    if (!is_late_) wait_for_end();
    if (verdict) return std::move(*verdict);
    return without_verdict();
  }

  Standing stand() {
    reports::Verdict verdict = run();
    std::istringstream flags(standing_);
    std::size_t before = 0;
    if (!(flags >> before) || before > verdict.trace.size()) throw std::runtime_error(verdict.reason);
    const auto first = verdict.trace.begin() + static_cast<std::ptrdiff_t>(before);
    Standing standing;
    for (auto step = first; step != verdict.trace.end(); ++step) {
      Standing::Task task{std::move(*step)};
      flags >> task.ready >> task.chosen;
      standing.tasks.push_back(std::move(task));
    }
    verdict.trace.erase(first, verdict.trace.end());
    standing.before = std::move(verdict.trace);
    return standing;
  }

 private:
  using Clock = std::chrono::steady_clock;

  ProgramJob job() const {
    ProgramJob job;
    job.options = engine_options(request_);
    job.name = std::filesystem::path(program_.path).filename().string();
    job.expected = program_.expected;
    job.expected_status = program_.expected_status;
    job.isolation = isolation_of(program_.isolation);
    job.break_at = break_at_;
    job.input = input_.number();
    job.output = output_.number();
    job.answers = theirs_.number();
    job.library_path = variable("LD_LIBRARY_PATH");
    job.preload = variable("LD_PRELOAD");
    return job;
  }

  void start() {
    const std::string runtime = directory_of_runtime();
    if (runtime.find_first_of(":;") != std::string::npos)
      throw std::runtime_error(fmt::format("the tool lies in '{}': the dynamic linker cannot search a directory with "
                                           "':' or ';' in its name", runtime));
    Environment environment(runtime);
    environment.set(job_variable, std::to_string(job_.number()));
    std::vector<std::string> variables = environment.all();
    std::vector<std::string> words = program_.words;
    const pid_t parent = getpid();
    process_ = fork();
    if (process_ < 0) refuse("cannot make a process for the program");
    if (process_ > 0) return theirs_.reset();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    for (const int number : {input_.number(), output_.number(), theirs_.number(), job_.number()})
      fcntl(number, F_SETFD, 0);
    lseek(input_.number(), 0, SEEK_SET);
    dup2(input_.number(), STDIN_FILENO);
    dup2(output_.number(), STDOUT_FILENO);  // what it says before main(), and what the dynamic linker says
    dup2(output_.number(), STDERR_FILENO);
    for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) std::signal(signal, SIG_DFL);
    execve(program_.path.c_str(), pointers(words).data(), pointers(variables).data());
    const std::string why = fmt::format("cannot be started: {}\n", std::strerror(errno));
    static_cast<void>(write_all(STDERR_FILENO, why));
    _exit(127);
  }

  // False at the end of what it says.
  bool listen() {
    pollfd wanted{answers_.number(), POLLIN, 0};
    while (poll(&wanted, 1, 100) <= 0) {
      if (request_.interrupted != nullptr && request_.interrupted->load() && !told_) {
        kill(process_, SIGINT);
        told_ = true;
      }
      if (!begun_ && seconds() > patience_s) return is_late_ = true, false;
    }
    char part[16384];
    const ssize_t got = read(answers_.number(), part, sizeof part);
    if (got < 0) return errno == EINTR;
    heard_.append(part, static_cast<std::size_t>(got));
    return got > 0;
  }

  double seconds() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }

  std::optional<reports::Verdict> understand() {
    for (std::size_t end; (end = heard_.find('\n')) != std::string::npos;) {
      std::istringstream line(heard_.substr(0, end));
      std::string word;
      line >> word;
      const auto rest = [&] { return heard_.substr(std::min(end, word.size() + 1), end - word.size() - 1); };
      if (word == answer::usage) throw UsageError(rest());
      if (word == answer::diverged) throw ReplayDiverged(rest());
      if (word == answer::failed) throw std::runtime_error(rest());
      if (word == answer::begun) begun_ = true;
      if (word == answer::progress) tell_progress(line);
      if (word == answer::standing) standing_ = rest();
      if (word == answer::verdict) {
        std::size_t bytes = 0;
        line >> bytes;
        if (heard_.size() < end + 1 + bytes) return {};  // not all of it has come
        return reports::read_report(heard_.substr(end + 1, bytes), "the program's process").verdicts.at(0);
      }
      heard_.erase(0, end + 1);
    }
    return {};
  }

  void tell_progress(std::istream& line) const {
    Effort effort;
    if (line >> effort.executions >> effort.seconds >> effort.orders >> effort.leaves && request_.progress)
      request_.progress(effort);
  }

  void wait_for_end() {
    while (waitpid(process_, &status_, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
  }

  std::string said() const {
    std::string text(2000, 0);
    const ssize_t got = pread(output_.number(), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text.empty() ? "" : "; it said: " + text;
  }

  reports::Verdict without_verdict() const {
    const std::string when = begun_ ? "while it was explored" : "before main()";
    std::string how = fmt::format("ended with status {}", WEXITSTATUS(status_));
    if (WIFSIGNALED(status_))
      how = fmt::format("was killed by signal {} ({})", WTERMSIG(status_), strsignal(WTERMSIG(status_)));
    if (is_late_) how = fmt::format("did not come to main() within {} s", patience_s);
    reports::Verdict verdict;
    verdict.mode = request_.schedule.empty() ? "explore" : "replay";
    verdict.strategy = request_.schedule.empty() ? request_.strategy : "replay";
    verdict.bounds.preemptions = request_.preemptions;
    verdict.bounds.max_steps = request_.max_steps;
    verdict.outcome = begun_ ? "error" : "inconclusive";
    verdict.reason = fmt::format("the program's process {}{}{}", how, is_late_ ? "" : " " + when, said());
    return verdict;
  }

  const Program& program_;
  const Request& request_;
  std::uint32_t break_at_;
  Descriptor input_;
  Descriptor output_;
  Descriptor answers_;
  Descriptor theirs_;
  Descriptor job_;
  pid_t process_ = 0;
  int status_ = 0;
  Clock::time_point started_;
  std::string heard_;
  std::string standing_;  // see answer::standing
  bool begun_ = false;
  bool told_ = false;
  bool is_late_ = false;
};

}  // namespace

reports::Verdict run_in_process(const Program& program, const Request& request) {
  return Process(program, request).run();
}

Standing stand_in_process(const Program& program, const Request& request, std::uint32_t step) {
  return Process(program, request, step).stand();
}

}  // namespace harness::cli

#else

namespace harness::cli {
namespace {

[[noreturn]] void refuse() {
  throw UsageError("`harness run` needs the engine, which a sanitizer build has not");
}

}  // namespace

reports::Verdict run_in_process(const Program&, const Request&) { refuse(); }
Standing stand_in_process(const Program&, const Request&, std::uint32_t) { refuse(); }

}  // namespace harness::cli

#endif
