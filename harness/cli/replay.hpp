// Replaying what a report holds: which of its violations, and whether every repetition gives the
// same rule at the same step. A report is data: of all it says only names, seeds, limits and
// schedule text are used, each checked as if it had been typed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/cli/backend.hpp"
#include "harness/cli/options.hpp"
#include "harness/scenario.hpp"
#include "reports/verdict.hpp"

namespace harness::cli {

// One violation to see again.
struct KnownViolation {
  const Scenario* scenario = nullptr;
  const Variant* variant = nullptr;
  Request request;
  std::string rule;
  std::uint32_t step = 0;
};

struct KnownViolations {
  std::vector<KnownViolation> all;  // never empty
  std::uint64_t seed = 1;
  std::vector<std::string> warnings;
};

// Throws UsageError: a file that is no report, a scenario or variant that is not there, nothing to
// replay in it.
KnownViolations read_violations(const CommandLine& line, const std::vector<Scenario>& scenarios);

// "freed-region-in-use at step 12", "pass", "inconclusive: ...".
std::string result_text(const reports::Verdict& verdict);

// Runs `once` `times` times, until interrupted() says so, and wants `wanted` each time (the result
// of the first where it is empty). The last verdict, which is an error where one differed; `said`
// is the sentence about it.
reports::Verdict repeat(std::uint64_t times, std::string wanted,
                        const std::function<reports::Verdict()>& once,
                        const std::function<bool()>& interrupted, std::string& said);

}  // namespace harness::cli
