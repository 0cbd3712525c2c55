// Explain: which switches of a failing schedule are essential, which order of events makes it fail,
// and where an execution that passes parts from it.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "harness/explore/describe.hpp"
#include "harness/explore/probe.hpp"
#include "harness/explore/witness.hpp"
#include "reports/verdict.hpp"

namespace harness {

// The failing execution: its choices, with its history.
struct Failure {
  std::span<const Choice> choices;
  const Recording& recording;
};

// Runs exactly these choices with full history. (A Recording refers to the block it comes from.)
using Record = std::function<SharedBlock(const std::vector<Choice>&)>;

reports::Explanation explain(Probe& probe, const Failure& failure, const Record& record,
                             std::uint64_t seed, Effort& effort);

}  // namespace harness
