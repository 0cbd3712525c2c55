// The loop around a worker, and the decision what is a deadlock and what only takes long.
#include "harness/stress/watch.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "harness/stress/invisible.hpp"
#include "harness/stress/sleepers.hpp"

namespace harness::stress_mode {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t shortest_poll_ns = ms / 4;
constexpr std::int64_t longest_poll_ns = 5 * ms;
constexpr std::int64_t deadlock_after_ns = 1'000 * ms;
constexpr std::int64_t stuck_finding_after_ns = 5'000 * ms;
constexpr std::int64_t patience_when_interrupted_ns = 1'000 * ms;

// Is this a deadlock? It is when every thread of the program waits on a futex without end and none
// of them has run for a second. What a later wake could end is none.
class DeadlockWatch {
 public:
  DeadlockWatch(const Board& board, int process) : board_(board), process_(process) {}

  bool sees_one() {
    std::vector<std::pair<int, std::uint64_t>> now;
    for (const int thread : threads_of(process_)) {
      if (is_own(thread)) continue;
      if (!waits_for_ever(process_, thread)) return forget();
      now.emplace_back(thread, look_at(process_, thread).spent);
    }
    if (now.empty()) return forget();
    if (now != before_ || since_ == 0) {
      before_ = std::move(now);
      since_ = now_ns();
      return false;
    }
    return now_ns() - since_ > deadlock_after_ns;
  }

 private:
  bool is_own(int thread) const {
    return std::any_of(board_.own_threads.begin(), board_.own_threads.end(),
                       [&](const std::atomic<int>& own) { return own == thread; });
  }
  bool forget() {
    since_ = 0;
    return false;
  }

  const Board& board_;
  int process_;
  std::int64_t since_ = 0;
  std::vector<std::pair<int, std::uint64_t>> before_;
};

class Watch {
 public:
  Watch(Board& board, int process, const Limits& limits)
      : board_(board), process_(process), limits_(limits), deadlock_(board, process) {}

  Watched run() {
    std::int64_t poll = shortest_poll_ns;
    while (true) {
      if (const auto ended = has_ended()) return *ended;
      const std::int64_t now = now_ns();
      if (const auto given_up = look(now)) return take_down(*given_up);
      if (limits_.tick && now - ticked_ > 100 * ms) {
        ticked_ = now;
        limits_.tick();
      }
      sleep_ns(poll);
      poll = std::min(poll * 2, longest_poll_ns);
    }
  }

 private:
  std::optional<Watched> has_ended() {
    int status = 0;
    const int result = waitpid(process_, &status, WNOHANG);
    if (result == 0 || (result < 0 && errno == EINTR)) return {};
    Watched watched;
    watched.status = status;
    const Stage stage = board_.stage;
    if (stage == Stage::running || stage == Stage::writing)
      watched.outcome = Outcome::died;
    else
      watched.outcome = stage == Stage::finished ? Outcome::finished : Outcome::found;
    return watched;
  }

  // Why to give the worker up, if it is time.
  std::optional<Outcome> look(std::int64_t now) {
    if (now >= limits_.stop_at_ns) board_.stop.store(true);
    if (limits_.interrupted != nullptr && *limits_.interrupted) {
      board_.stop.store(true);
      if (interrupted_ == 0) interrupted_ = now;
      if (now - interrupted_ > patience_when_interrupted_ns) return Outcome::interrupted;
    }
    if (board_.stage != Stage::running) {
      // It is writing down what it found, and may break while doing so.
      if (finding_ == 0) finding_ = now;
      if (now - finding_ > stuck_finding_after_ns)
        return board_.stage == Stage::crashed ? Outcome::found : Outcome::hung;
      return {};
    }
    return look_at_execution(now);
  }

  std::optional<Outcome> look_at_execution(std::int64_t now) {
    const std::int64_t began = board_.execution_began;
    if (began == 0) return {};
    if (static_cast<double>(now - began) > limits_.execution_seconds * 1e9) return Outcome::hung;
    if (now - began < deadlock_after_ns / 4 || now - looked_ < 100 * ms || board_.driving)
      return {};
    looked_ = now;
    if (deadlock_.sees_one()) return Outcome::deadlock;
    return {};
  }

  Watched take_down(Outcome outcome) {
    kill(process_, SIGKILL);
    Watched watched;
    while (waitpid(process_, &watched.status, 0) < 0 && errno == EINTR) {
    }
    watched.outcome = outcome;
    const std::uint32_t tasks = std::min<std::uint32_t>(board_.tasks, max_tasks);
    for (TaskId task = 0; task < tasks; ++task)
      if (board_.task[task].state == TaskState::running) watched.stuck.push_back(task);
    return watched;
  }

  Board& board_;
  int process_;
  const Limits& limits_;
  DeadlockWatch deadlock_;
  std::int64_t ticked_ = 0;
  std::int64_t interrupted_ = 0;
  std::int64_t finding_ = 0;
  std::int64_t looked_ = 0;
};

}  // namespace

Watched watch_worker(Board& board, int process, const Limits& limits) {
  return Watch(board, process, limits).run();
}

}  // namespace harness::stress_mode
