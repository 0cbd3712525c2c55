// Explores the program that this process is: whatever `main` does, as the task "main". Decides whether its state
// can be put back between executions, or each needs a process of its own.
#pragma once

#include "harness/engine/hosting.hpp"
#include "harness/explore/explore.hpp"
#include "harness/explore/stop.hpp"
#include "reports/verdict.hpp"

namespace harness {

// `host` is what the process hosts; its isolation may be `automatic`. What a recorded execution printed is in the
// verdict. Throws what explore() throws.
reports::Verdict explore_here(Hosting& host, const Scenario& scenario, const Options& options);

// As stop_before(). One execution needs no state put back.
Standing stop_here(Hosting& host, const Scenario& scenario, const Options& options,
                   std::uint32_t step);

}  // namespace harness
