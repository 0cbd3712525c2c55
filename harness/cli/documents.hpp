// The documents of a run: which file each verdict goes to, what describes the machine, and how
// they are written. A document that cannot be written is printed instead: no verdict is lost.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "harness/cli/options.hpp"
#include "reports/verdict.hpp"

namespace harness::cli {

std::string tool_version();

class Documents {
 public:
  // `output`: the descriptor that `--json -` and documents without a file are written to.
  Documents(const CommandLine& line, std::uint64_t seed, int output);

  // With what one variant took.
  void add(reports::Verdict verdict, double seconds);
  // The document of the scenario that has just ended, where each has its own.
  void end_scenario();
  // The document of the whole run, where there is one.
  void end_run();

  const reports::Report& all() const { return all_; }
  const std::vector<std::string>& files() const { return files_; }
  bool failed() const { return failed_; }

 private:
  void write(const std::string& text, const std::string& path);
  reports::Environment machine() const;

  const CommandLine& line_;
  int output_;
  std::string started_;
  std::chrono::steady_clock::time_point start_;
  reports::Report all_;
  reports::Report scenario_;
  std::vector<std::string> files_;
  bool failed_ = false;
};

}  // namespace harness::cli
