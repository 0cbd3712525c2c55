#include "harness/explore/job.hpp"

namespace harness {

Job job_of(const Scenario& scenario, const Variant& variant, const Options& options) {
  Job job;
  job.scenario = &scenario;
  job.variant = variant.name;
  job.settings.seed = options.seed;
  job.settings.max_steps = options.max_steps;
  job.watchdog_seconds = options.watchdog_seconds;
  job.interrupted = options.interrupted;
  return job;
}

}  // namespace harness
