// After a search has found a violation: repeat it in a fresh worker with its full history, shrink
// its schedule, and say what of it matters.
#pragma once

#include <string>
#include <vector>

#include "harness/engine/strategy.hpp"
#include "harness/engine/worker.hpp"
#include "reports/verdict.hpp"

namespace harness {

// `job` is that of the search, `choices` what it chose. Fills in the verdict's violation and trace:
// those of the shrunk schedule, where there is one.
void confirm(const Job& job, std::vector<Choice> choices, double shrink_seconds,
             reports::Verdict& verdict);

}  // namespace harness
