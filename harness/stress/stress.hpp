// Stress: the scenario on real threads, with seeded delays at named points and intercepted calls.
// In the sanitizer builds what the sanitizer reports becomes the violation. Runs in a forked
// worker; a crash there is attributed to the region and to who unmapped it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "harness/scenario.hpp"
#include "reports/verdict.hpp"

namespace harness {

struct StressOptions {
  std::uint64_t seed = 1;
  double seconds = 5;
  std::uint64_t executions = 0;  // limit; 0: none
  std::string schedule;          // drive real threads over named points; one execution
  double watchdog_seconds = 20;  // an execution that takes longer is a deadlock or a hang
  std::function<void(std::uint64_t executions, double seconds)> progress;
  const std::atomic<bool>* interrupted = nullptr;
};

// Throws UsageError (schedule text; an item that is not over a named point), ReplayDiverged.
reports::Verdict stress(const Scenario& scenario, const Variant& variant,
                        const StressOptions& options);

// "thread", "address", or "" : the sanitizer this build is made with.
std::string_view sanitizer_of_build();

}  // namespace harness
