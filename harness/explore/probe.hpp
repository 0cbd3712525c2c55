// Probe: after a violation was found, many more executions of the same variant, each asked whether
// the same violation comes again: the same rule, at the same place. Shrinking and explaining are
// made of such questions. They run one after another in a worker, which is forked anew only where
// the program took it down.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/engine/shared.hpp"
#include "harness/engine/strategy.hpp"
#include "harness/engine/worker.hpp"

namespace harness {

// How much may be tried. Counted in steps of the program, so that the same seed ends at the same
// try on any machine: as many as are done in a second with much time to spare. The clock is there
// for programs and machines that are slower than anyone thought, and is slow to intervene.
class Effort {
 public:
  static constexpr std::uint64_t steps_per_second = 2'000'000;
  static constexpr std::uint64_t steps_per_execution = 10;   // what one costs beside its steps,
  static constexpr std::uint64_t accesses_per_step = 32;     // and how many plain accesses cost as much
  static constexpr std::uint64_t steps_per_worker = 20'000;  // what a fork is worth
  static constexpr double patience = 5;                      // of the clock, in `seconds`

  explicit Effort(double seconds);
  std::uint64_t steps_left() const { return steps_left_; }
  bool is_spent() const { return steps_left_ == 0 || is_late(); }
  // The clock ended it, and not the number of steps.
  bool is_late() const { return std::chrono::steady_clock::now() >= deadline_; }
  void take(std::uint64_t steps) { steps_left_ -= std::min(steps_left_, steps); }

 private:
  std::uint64_t steps_left_;
  std::chrono::steady_clock::time_point deadline_;
};

// What makes two violations the same: the rule, and the functions in which the guilty events
// happened. Where none is named, the rule alone.
struct Signature {
  std::string rule;
  std::vector<std::string> functions;
  bool is(const Signature& wanted) const {
    return rule == wanted.rule && (wanted.functions.empty() || functions == wanted.functions);
  }
};
Signature signature_of(const SharedViolation& violation);

enum class Answer : std::uint8_t {
  none,  // it was not run
  passed,
  same,   // the same violation
  other,  // another one
  cut_off,
};

class Probe {
 public:
  // What is known of an execution in its worker, and what it may leave for the watching process.
  using Note = std::array<std::uint64_t, 2>;
  struct Tried {
    std::uint64_t number;
    Answer answer;
    std::vector<Choice> choices;
    Note& note;
  };
  // Asked in the worker after each execution that was not abandoned: whether it shall go on.
  using Next = std::function<bool(const Tried&)>;

  // `job` says what to run and how; its strategy and limits are set here.
  Probe(Job job, Signature wanted) : job_(std::move(job)), wanted_(std::move(wanted)) {}

  struct Result {
    std::vector<Answer> answers;  // by number of the execution, as far as it came
    std::vector<Note> notes;      // likewise
    bool exhausted = false;       // the strategy had no more
    // Of the last execution, if `next` ended it.
    std::optional<std::vector<Choice>> choices;
    std::vector<std::string> task_names;
    std::vector<std::uint32_t> points;  // see Job::points
  };
  // Up to `count` executions, or until the effort is spent. An execution that takes its worker down
  // is answered for it, and the next worker goes on behind it. (`next` is then asked here.)
  Result run(Strategy& strategy, std::uint64_t count, Effort& effort, const Next& next = {});

  const Signature& wanted() const { return wanted_; }
  const Job& job() const { return job_; }

 private:
  struct Block;
  bool one_worker(Strategy& strategy, std::uint64_t count, Effort& effort, const Next& next,
                  Block& block, Result& result);

  Job job_;
  Signature wanted_;
};

}  // namespace harness
