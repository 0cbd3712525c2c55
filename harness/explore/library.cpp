// harness::explore(): the calling process hosts the exploration of one of its functions.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/engine/engine.hpp"
#include "harness/engine/errors.hpp"
#include "harness/explore.hpp"
#include "harness/explore/program.hpp"
#include "harness/observe.hpp"
#include "reports/console.hpp"
#include "reports/json.hpp"

namespace harness {
namespace {

constexpr int text_width = 110;

Options options_of(const ExploreOptions& asked) {
  Options options;
  if (!asked.strategy.empty()) options.strategy = asked.strategy;
  options.seed = asked.seed;
  options.executions = asked.executions;
  options.seconds = asked.seconds;
  options.max_steps = asked.max_steps;
  options.preemptions = asked.preemptions;
  if (!asked.data_races.empty()) options.data_races = asked.data_races;
  if (!asked.plain_accesses.empty()) options.plain_accesses = asked.plain_accesses;
  options.schedule = asked.schedule;
  return options;
}

Explored explored_of(reports::Verdict verdict) {
  Explored result;
  result.ok = verdict.as_expected;
  result.outcome = verdict.outcome;
  result.message = verdict.reason;
  result.executions = verdict.executions;
  result.exhaustive = verdict.exhaustive;
  if (verdict.violation) {
    const reports::Violation& violation = *verdict.violation;
    result.rule = violation.rule;
    result.message = violation.message;
    result.schedule = violation.shrunk.empty() ? violation.schedule : violation.shrunk;
    verdict.reproduce = fmt::format("ExploreOptions{{.schedule = \"{}\"}}", result.schedule);
  }
  reports::ConsoleOptions console;
  console.color = false;
  console.width = text_width;
  result.text = reports::to_text(verdict, console);
  reports::Report report;
  report.tool_version = "-";
  report.seed = verdict.seed;
  report.verdicts.push_back(std::move(verdict));
  result.json = reports::write_report(report);
  return result;
}

class File {
 public:
  File() : number_(memfd_create("output", MFD_CLOEXEC)) {}
  ~File() {
    if (number_ >= 0) close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

reports::Verdict explore_function(const ExploreOptions& asked, const std::function<void()>& body,
                                  std::uintptr_t caller) {
  const File output;
  Hosting host;
  host.isolation = Isolation::automatic;
  host.caller = caller;
  host.output = output.number();
  const Hosted hosted(host);
  Scenario scenario;
  scenario.name = asked.name.empty() ? "explore" : asked.name;
  scenario.variants = {{"main", asked.expected}};
  scenario.play = [&](Execution&, std::string_view) { body(); };
  return explore_here(host, scenario, options_of(asked));
}

}  // namespace

void fail_execution(const char* message) { observe::violated("assertion", message); }

Explored explore(const ExploreOptions& options, const std::function<void()>& body) {
  if (hosting() != nullptr || active != nullptr)
    throw UsageError("explore() was called while another explore() is at work: in its function, or in another thread");
  const std::uintptr_t caller = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + 16;
  return explored_of(explore_function(options, body, caller));
}

}  // namespace harness
