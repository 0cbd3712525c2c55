// The progress line: executions, how many a second, distinct orders, the size of the tree, how much time is left. On a terminal only, one
// line that is overwritten and in the end erased; in a log there is none.
#pragma once

#include <cstdint>
#include <string>

#include "harness/cli/backend.hpp"

namespace harness::cli {

class ProgressLine {
 public:
  // `shown` false: draws nothing, ever.
  ProgressLine(bool shown, int width) : shown_(shown), width_(width) {}
  ~ProgressLine() { erase(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // A new variant; a limit of 0 is none.
  void begin(std::string title, std::uint64_t executions_limit, double seconds_limit);
  void update(const Effort& effort);
  void erase();

 private:
  bool shown_;
  int width_;
  std::string title_;
  std::uint64_t executions_limit_ = 0;
  double seconds_limit_ = 0;
  bool drawn_ = false;
};

// "free-vs-alloc/claimed  123 456 executions  310 000/s  1 412 orders  tree of 2e+09  at most 12 s left"
std::string progress_text(const std::string& title, const Effort& effort,
                          std::uint64_t executions_limit, double seconds_limit);

}  // namespace harness::cli
