#include "harness/explore/job.hpp"

#include <algorithm>

#include "harness/engine/errors.hpp"
#include "harness/engine/nearest.hpp"
#include "harness/explore/suppressions.hpp"

namespace harness {
namespace {

void check_word(std::string_view what, const std::string& word, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), word) == known.end())
    throw UsageError(unknown(what, word, known));
}

DataRaces data_races_of(const Variant& variant, const Options& options) {
  if (options.data_races == "off") return DataRaces::off;
  if (options.data_races == "learn") return DataRaces::learn;
  const bool another_rule = variant.expected != "pass" && variant.expected != "data-race";
  return options.data_races == "auto" && another_rule ? DataRaces::learn : DataRaces::report;
}

}  // namespace

std::vector<std::string> data_races_words() { return {"auto", "learn", "off", "report"}; }
std::vector<std::string> plain_accesses_words() { return {"all", "none", "racy"}; }

Job make_job(const Scenario& scenario, const Variant& variant, const Options& options) {
  check_word("way to treat data races", options.data_races, data_races_words());
  check_word("set of plain accesses", options.plain_accesses, plain_accesses_words());
  Job job;
  job.scenario = &scenario;
  job.variant = variant.name;
  job.settings.seed = options.seed;
  job.settings.max_steps = options.max_steps;
  job.settings.leaks = options.leaks;
  job.settings.spurious_wakeups = options.spurious_wakeups;
  use_suppressions(options.suppressions);
  job.settings.suppressed = is_suppressed;
  job.settings.data_races = data_races_of(variant, options);
  job.settings.all_plain_points = options.plain_accesses == "all";
  job.settings.learns_points = options.plain_accesses == "racy";
  job.watchdog_seconds = options.watchdog_seconds;
  job.interrupted = options.interrupted;
  return job;
}

}  // namespace harness
