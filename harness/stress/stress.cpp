// stress(): the documented schedule first, then delays until the time is over, in one worker after
// the other; or the one schedule that was asked for.
#include "harness/stress/stress.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "harness/engine/errors.hpp"
#include "harness/stress/answer.hpp"
#include "harness/stress/driver.hpp"
#include "harness/stress/invisible.hpp"
#include "harness/stress/watch.hpp"
#include "harness/stress/worker.hpp"

namespace harness {
namespace {

using namespace stress_mode;

// A file in memory for the text of a sanitizer's report.
class TextFile {
 public:
  TextFile() : file_(memfd_create("sanitizer report", MFD_CLOEXEC)) {}
  ~TextFile() {
    if (file_ >= 0) close(file_);
  }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  int file() const { return file_; }
  std::string text() const {
    constexpr std::size_t most = 64 << 10;
    std::string text(most, 0);
    const ssize_t bytes = file_ < 0 ? 0 : pread(file_, text.data(), most, 0);
    text.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    return text;
  }

 private:
  int file_;
};

class SharedBoard {
 public:
  SharedBoard() : board_(new_board()) {}
  ~SharedBoard() { drop_board(board_); }
  SharedBoard(const SharedBoard&) = delete;
  SharedBoard& operator=(const SharedBoard&) = delete;
  Board& operator*() { return board_; }
  Board* operator->() { return &board_; }

 private:
  Board& board_;
};

class Stress {
 public:
  Stress(const Scenario& scenario, const Variant& variant, const StressOptions& options)
      : scenario_(scenario), variant_(variant), options_(options), began_(now_ns()) {
    const double most = 1e9 * std::max(0.0, options.seconds);
    const bool endless = most > 9e18;
    stop_at_ = endless ? std::numeric_limits<std::int64_t>::max()
                       : began_ + static_cast<std::int64_t>(most);
    verdict_.scenario = scenario.name;
    verdict_.variant = variant.name;
    verdict_.expected = variant.expected;
    verdict_.seed = options.seed;
    verdict_.mode = options.schedule.empty() ? "stress" : "replay";
    verdict_.bounds.memory_model = "that of the machine";
    verdict_.outcome = "pass";
  }

  reports::Verdict run() {
    if (!options_.schedule.empty()) {
      const Schedule schedule = parse_schedule(options_.schedule);
      check_drivable(schedule);
      drive(schedule, options_.schedule);
    } else if (!drive_documented()) {
      delay();
    }
    return finish();
  }

 private:
  // The documented interleaving first, where it can be driven. True if it settles the matter.
  bool drive_documented() {
    const std::string& text =
        variant_.documented.empty() ? scenario_.documented : variant_.documented;
    if (text.empty()) return false;
    Schedule schedule;
    try {
      schedule = parse_schedule(text);
      check_drivable(schedule);
    } catch (const UsageError&) {
      return false;  // written for the engine
    }
    verdict_.strategy = "documented schedule";
    const Watched watched = work(schedule, 1);
    if (is_interrupted(watched)) return true;
    if (board_->stage == Stage::diverged || watched.outcome == Outcome::hung) return reset();
    if (watched.outcome == Outcome::finished) return reset();
    conclude(watched);
    if (verdict_.violation) verdict_.violation->schedule = text;
    return true;
  }

  void drive(const Schedule& schedule, const std::string& text) {
    verdict_.strategy = "schedule";
    stop_at_ = std::numeric_limits<std::int64_t>::max();
    const Watched watched = work(schedule, 1);
    if (board_->stage == Stage::diverged) throw ReplayDiverged(board_->text.data());
    if (!is_interrupted(watched) && watched.outcome != Outcome::finished) conclude(watched);
    if (verdict_.violation) verdict_.violation->schedule = text;
  }

  void delay() {
    verdict_.strategy = "delays";
    while (board_->executions == 0 || (now_ns() < stop_at_ && !is_over())) {
      const std::uint64_t left =
          options_.executions == 0 ? 0 : options_.executions - board_->executions;
      const Watched watched = work({}, left);
      if (is_interrupted(watched)) return;
      if (watched.outcome != Outcome::finished) return conclude(watched);
      reset();
    }
  }

  bool is_over() { return options_.executions != 0 && board_->executions >= options_.executions; }

  Watched work(const Schedule& schedule, std::uint64_t executions) {
    Work work;
    work.scenario = &scenario_;
    work.variant = variant_.name;
    work.seed = options_.seed;
    work.first = board_->executions;
    work.executions = executions;
    work.schedule = schedule;
    work.text_file = text_.file();
    Limits limits;
    limits.stop_at_ns = stop_at_;
    limits.execution_seconds = options_.watchdog_seconds;
    limits.interrupted = options_.interrupted;
    if (options_.progress)
      limits.tick = [this] {
        options_.progress(board_->executions, static_cast<double>(now_ns() - began_) / 1e9);
      };
    return watch_worker(*board_, start_worker(*board_, work), limits);
  }

  // A new worker can begin. False, for convenience: nothing is settled.
  bool reset() {
    board_->stage.store(Stage::running);
    board_->driving.store(false);
    board_->execution_began.store(0);
    for (auto& own : board_->own_threads) own.store(0);
    return false;
  }

  bool is_interrupted(const Watched& watched) {
    const bool asked = options_.interrupted != nullptr && *options_.interrupted;
    if (!asked || (watched.outcome != Outcome::finished && watched.outcome != Outcome::interrupted))
      return false;
    verdict_.outcome = "inconclusive";
    verdict_.reason = fmt::format("interrupted after {} executions", board_->executions.load());
    return true;
  }

  // The worker came to an end of another kind than "nothing found".
  void conclude(const Watched& watched) {
    if (board_->stage == Stage::scenario_error) {
      verdict_.outcome = "error";
      verdict_.reason = board_->text.data();
    } else if (watched.outcome == Outcome::hung) {
      verdict_.outcome = "inconclusive";
      verdict_.reason = hang_text(watched);
    } else {
      answer(*board_, watched, sanitizer_text(), verdict_);
    }
  }

  std::string hang_text(const Watched& watched) {
    std::string tasks;
    for (const TaskId task : watched.stuck)
      tasks += fmt::format("{}`{}`", tasks.empty() ? "" : ", ", board_->task[task].name.data());
    return fmt::format("execution {} was cut off after {} s; still running: {}",
                       board_->executions.load() + 1, options_.watchdog_seconds,
                       tasks.empty() ? "nothing that is known" : tasks);
  }

  std::string sanitizer_text() {
    if (board_->report.text[0] != 0) return board_->report.text.data();
    return text_.text();
  }

  reports::Verdict finish() {
    static constexpr const char* names[counters] = {
        "points reached",      "ranges mapped", "ranges unmapped", "ranges discarded",
        "protections changed", "slices given",  "slices returned", "delays"};
    verdict_.executions = board_->executions;
    // The one in which something was found was not completed, but counts.
    if (board_->execution_began != 0) ++verdict_.executions;
    verdict_.steps = std::max(board_->longest.load(), board_->step.load());
    for (std::size_t i = 0; i < counters; ++i)
      if (const std::uint64_t count = board_->counted[i]; count > 0)
        verdict_.counters[names[i]] = count;
    for (std::uint32_t i = 0; i < board_->figures_used; ++i)
      verdict_.counters[board_->figures[i].label.data()] = board_->figures[i].sum;
    if (board_->executions > 1) {
      verdict_.counters["KiB resident"] = board_->resident_kib;
      verdict_.counters["KiB gained by a worker"] = board_->grown_kib;
    }
    const std::string result = verdict_.violation ? verdict_.violation->rule : verdict_.outcome;
    verdict_.as_expected = result == verdict_.expected;
    return std::move(verdict_);
  }

  const Scenario& scenario_;
  const Variant& variant_;
  const StressOptions& options_;
  std::int64_t began_;
  std::int64_t stop_at_;
  SharedBoard board_;
  TextFile text_;
  reports::Verdict verdict_;
};

}  // namespace

reports::Verdict stress(const Scenario& scenario, const Variant& variant,
                        const StressOptions& options) {
  return Stress(scenario, variant, options).run();
}

}  // namespace harness
