#include "harness/cli/documents.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <utility>

#include "harness/cli/backend.hpp"
#include "harness/cli/files.hpp"
#include "reports/json.hpp"
#include "reports/junit.hpp"
#include "reports/sarif.hpp"

namespace harness::cli {
namespace {

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

std::string now_utc() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

std::string build() {
  const std::string sanitizer = sanitizer_name();
  return HARNESS_BUILD_TYPE + (sanitizer.empty() ? "" : ", sanitizer " + sanitizer);
}

}  // namespace

std::string tool_version() { return HARNESS_VERSION; }

Documents::Documents(const CommandLine& line, std::uint64_t seed, int output)
    : line_(line), output_(output), started_(now_utc()), start_(std::chrono::steady_clock::now()) {
  all_.tool_version = tool_version();
  all_.seed = seed;
  all_.environment = machine();
  scenario_ = all_;
}

reports::Environment Documents::machine() const {
  reports::Environment machine;
  utsname names{};
  if (uname(&names) == 0) {
    machine.host = names.nodename;
    machine.kernel = fmt::format("{} {}", names.sysname, names.release);
  }
  machine.compiler = compiler();
  machine.build = build();
  machine.started = started_;
  return machine;
}

void Documents::add(reports::Verdict verdict, double seconds) {
  const std::string name = verdict.scenario + "/" + verdict.variant;
  for (reports::Report* report : {&all_, &scenario_}) {
    report->environment.seconds_by_verdict[name] = seconds;
    if (seconds > 0)
      report->environment.rates[name] = static_cast<double>(verdict.executions) / seconds;
    report->environment.seconds += seconds;
    for (const std::string& note : verdict.environment_notes)
      report->environment.notes.push_back(note);
    report->verdicts.push_back(verdict);
  }
}

void Documents::end_scenario() {
  reports::Report ended = std::exchange(scenario_, {});
  scenario_.tool_version = all_.tool_version;
  scenario_.seed = all_.seed;
  scenario_.environment = machine();
  if (line_.json || ended.verdicts.empty()) return;
  std::string name = ended.verdicts.front().scenario;
  std::replace(name.begin(), name.end(), '/', '_');
  const std::string file = name + (line_.replay ? ".replay.json" : ".json");
  if (const std::string problem = make_directory(line_.report_dir); !problem.empty()) {
    const std::string text =
        fmt::format("harness: report directory '{}': {}\n", line_.report_dir, problem);
    static_cast<void>(write_all(STDERR_FILENO, text));
    failed_ = true;
    static_cast<void>(write_all(output_, reports::write_report(ended)));
    return;
  }
  write(reports::write_report(ended), (std::filesystem::path(line_.report_dir) / file).string());
}

void Documents::end_run() {
  all_.environment.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  if (line_.json) write(reports::write_report(all_), *line_.json);
  if (line_.junit) write(reports::to_junit(all_), *line_.junit);
  if (line_.sarif) write(reports::to_sarif(all_), *line_.sarif);
}

void Documents::write(const std::string& text, const std::string& path) {
  const bool to_output = path == "-";
  std::string problem = to_output ? write_all(output_, text) : write_file(path, text);
  if (problem.empty()) {
    if (!to_output) files_.push_back(path);
    return;
  }
  failed_ = true;
  const std::string what = to_output ? "standard output" : "report '" + path + "'";
  static_cast<void>(
      write_all(STDERR_FILENO, fmt::format("harness: {} cannot be written: {}\n", what, problem)));
  if (!to_output) static_cast<void>(write_all(output_, text));
}

}  // namespace harness::cli
