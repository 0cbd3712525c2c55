// What every worker of a variant is told, whatever it is for: the one place where the options of a
// search become the settings of the engine.
#pragma once

#include "harness/engine/worker.hpp"
#include "harness/explore/explore.hpp"

namespace harness {

// Without a strategy and limits.
Job job_of(const Scenario& scenario, const Variant& variant, const Options& options);

}  // namespace harness
