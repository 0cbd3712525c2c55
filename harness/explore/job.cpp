#include "harness/explore/job.hpp"

namespace harness {
namespace {

DataRaces data_races(const Variant& variant, const Options& options) {
  if (options.data_races == "off") return DataRaces::off;
  if (options.data_races == "learn") return DataRaces::learn;
  const bool another_rule = variant.expected != "pass" && variant.expected != "data-race";
  return options.data_races == "auto" && another_rule ? DataRaces::learn : DataRaces::report;
}

}  // namespace

Job job_of(const Scenario& scenario, const Variant& variant, const Options& options) {
  Job job;
  job.scenario = &scenario;
  job.variant = variant.name;
  job.settings.seed = options.seed;
  job.settings.max_steps = options.max_steps;
  job.settings.data_races = data_races(variant, options);
  job.settings.all_plain_points = options.plain_accesses == "all";
  job.settings.learns_points = options.plain_accesses == "racy";
  job.watchdog_seconds = options.watchdog_seconds;
  job.interrupted = options.interrupted;
  return job;
}

}  // namespace harness
