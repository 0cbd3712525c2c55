// From what a worker left on the board to the violation in a verdict. The meaning of a crash or of
// a sanitizer's report is asked of the same oracles that judge everywhere: the recorded events are
// told to them anew, and then what happened in the end.
#pragma once

#include <string>

#include "harness/explore/describe.hpp"
#include "harness/stress/board.hpp"
#include "harness/stress/watch.hpp"
#include "reports/verdict.hpp"

namespace harness::stress_mode {

// Fills outcome, violation, trace and freed_region_in_use of the verdict. For an outcome of found
// (but not of a schedule that diverged, nor an error of the scenario), died, or deadlock.
void answer(const Board& board, const Watched& watched, const std::string& sanitizer_text,
            reports::Verdict& verdict);

}  // namespace harness::stress_mode
