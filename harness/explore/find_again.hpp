// A violation that was seen elsewhere, on real threads, looked for under control: until the same
// rule fires at the same place. What is found has a schedule, and can be shrunk and explained.
#pragma once

#include <optional>

#include "harness/explore/explore.hpp"
#include "reports/verdict.hpp"

namespace harness {

struct FoundAgain {
  std::optional<reports::Verdict> verdict;  // of the execution under control
  bool same_place = false;                  // in the same functions; else the same rule only
  std::uint64_t tried = 0;                  // executions
};

// As long as options.seconds and options.executions allow. Strategies take turns; options.strategy
// is not asked.
FoundAgain find_again(const Scenario& scenario, const Variant& variant, const Options& options,
                      const reports::Violation& seen);

// A few executions of a variant that passes, to show what was tried: the one without preemption,
// and of some random ones that with the median and that with the largest number of switches.
std::vector<reports::Example> typical_executions(const Scenario& scenario, const Variant& variant,
                                                 const Options& options);

}  // namespace harness
