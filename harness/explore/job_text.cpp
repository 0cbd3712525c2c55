#include "harness/explore/job_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace harness {
namespace {

using Json = nlohmann::json;

constexpr int job_version = 1;

// One place for every option that goes over: visit(name, member).
template <class Job, class Visit>
void each_field(Job& job, Visit visit) {
  visit("strategy", job.options.strategy);
  visit("seed", job.options.seed);
  visit("executions", job.options.executions);
  visit("seconds", job.options.seconds);
  visit("max_steps", job.options.max_steps);
  visit("preemptions", job.options.preemptions);
  visit("depth", job.options.depth);
  visit("part", job.options.part);
  visit("parts", job.options.parts);
  visit("shrink_seconds", job.options.shrink_seconds);
  visit("leaks", job.options.leaks);
  visit("spurious_wakeups", job.options.spurious_wakeups);
  visit("data_races", job.options.data_races);
  visit("suppressions", job.options.suppressions);
  visit("plain_accesses", job.options.plain_accesses);
  visit("schedule", job.options.schedule);
  visit("keep_going", job.options.keep_going);
  visit("watchdog_seconds", job.options.watchdog_seconds);
  visit("name", job.name);
  visit("expected", job.expected);
  visit("expected_status", job.expected_status);
  visit("break_at", job.break_at);
  visit("input", job.input);
  visit("output", job.output);
  visit("answers", job.answers);
}

Json to_json(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

std::optional<std::string> optional_text(const Json& json) {
  if (json.is_null()) return {};
  return json.get<std::string>();
}

}  // namespace

std::string_view name_of(Isolation isolation) {
  switch (isolation) {
    case Isolation::automatic: return "auto";
    case Isolation::restore: return "restore";
    case Isolation::fork: return "fork";
  }
  return "auto";
}

// Arguments and paths are bytes; what is no UTF-8 goes over as it is.
std::string write_job(const ProgramJob& job) {
  Json json{{"version", job_version}, {"isolation", static_cast<int>(job.isolation)}};
  each_field(job, [&](const char* name, const auto& member) { json[name] = member; });
  json["library_path"] = to_json(job.library_path);
  json["preload"] = to_json(job.preload);
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

ProgramJob read_job(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("version").get<int>() != job_version)
      throw std::runtime_error("it was written by another version of the tool");
    ProgramJob job;
    each_field(job, [&](const char* name, auto& member) { json.at(name).get_to(member); });
    const int isolation = json.at("isolation").get<int>();
    if (isolation < 0 || isolation > static_cast<int>(Isolation::fork))
      throw std::runtime_error("it names an isolation that does not exist");
    job.isolation = static_cast<Isolation>(isolation);
    job.library_path = optional_text(json.at("library_path"));
    job.preload = optional_text(json.at("preload"));
    return job;
  } catch (const Json::exception& error) {
    throw std::runtime_error(error.what());
  }
}

}  // namespace harness
