#include "harness/cli/probe.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <string_view>

#include "harness/cli/files.hpp"
#include "harness/engine/loading.hpp"
#include "harness/scenario.hpp"

namespace harness::cli {
namespace {

int answer = -1;  // in the trial process: where its result goes

// A result is its kind, one character, and text.
constexpr char is_problem = 'p';
constexpr char is_scenarios = 's';

[[noreturn]] void finish(char kind, std::string_view text) {
  static_cast<void>(write_all(answer, fmt::format("{}{}", kind, text)));
  _exit(0);
}

std::string thrown_text() {
  if (const std::exception_ptr thrown = std::current_exception()) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      return fmt::format("throws while it is loaded: {}", error.what());
    } catch (...) {
      return "throws something that is no std::exception while it is loaded";
    }
  }
  return "calls std::terminate while it is loaded";
}

// An exception may not pass through the loader's own frames: then it ends here.
[[noreturn]] void terminated() { finish(is_problem, thrown_text()); }

[[noreturn]] void load_for_trial(const std::string& path) {
  const std::size_t before = registered_scenarios().size();
  std::set_terminate(terminated);
  try {
    if (const std::string problem = open_plugin(path); !problem.empty())
      finish(is_problem, problem);
  } catch (...) {
    finish(is_problem, thrown_text());
  }
  std::string names;
  for (std::size_t i = before; i < registered_scenarios().size(); ++i)
    names += registered_scenarios()[i].name + "\n";
  finish(is_scenarios, names);
}

// Until the other end is closed or `deadline` is over; a process that the plugin has started may
// keep it open for ever.
std::string read_answer(int descriptor, std::chrono::steady_clock::time_point deadline) {
  std::string text;
  char buffer[4096];
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd wanted{descriptor, POLLIN, 0};
    const int ready = left.count() > 0 ? poll(&wanted, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return text;
    const ssize_t got = read(descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("crashes while it is loaded: {}", strsignal(WTERMSIG(status)));
  return fmt::format("ends the process while it is loaded (exit status {})", WEXITSTATUS(status));
}

}  // namespace

Probed probe_plugin(const std::string& path, unsigned patience_seconds) {
  int ends[2];
  if (pipe(ends) != 0) return {fmt::format("cannot be tried: pipe: {}", std::strerror(errno)), {}};
  const pid_t child = fork();
  if (child < 0) return {fmt::format("cannot be tried: fork: {}", std::strerror(errno)), {}};
  if (child == 0) {
    close(ends[0]);
    answer = ends[1];
    load_for_trial(path);
  }
  close(ends[1]);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(patience_seconds);
  const std::string text = read_answer(ends[0], deadline);
  const bool late = std::chrono::steady_clock::now() >= deadline;
  close(ends[0]);
  if (late) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (text.empty() && late)
    return {fmt::format("was not loaded within {} seconds", patience_seconds), {}};
  if (text.empty()) return {how_it_ended(status), {}};
  if (text.front() == is_problem) return {text.substr(1), {}};
  return {"", lines_of(std::string_view(text).substr(1))};
}

std::string open_plugin(const std::string& path) {
  begin_loading();
  const bool opened = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr;
  const char* error = opened ? nullptr : dlerror();
  end_loading();
  if (opened) return {};
  std::string_view why = error ? error : "no reason given";
  if (why.starts_with(path + ": ")) why.remove_prefix(path.size() + 2);
  return fmt::format("cannot be loaded: {}", why);
}

}  // namespace harness::cli
