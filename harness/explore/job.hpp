// What the options of an exploration say to a worker.
#pragma once

#include "harness/engine/worker.hpp"
#include "harness/explore/explore.hpp"

namespace harness {

// Everything but the strategy and the limits on executions and time. Throws UsageError for words that it does
// not know.
Job make_job(const Scenario& scenario, const Variant& variant, const Options& options);

}  // namespace harness
