#include "reports/sarif.hpp"

#include <fmt/format.h>

#include <set>

#include "reports/interleaving.hpp"
#include "reports/json.hpp"
#include "reports/text.hpp"

namespace reports {
namespace {

Json message(const std::string& text) { return {{"text", valid_utf8(text)}}; }

// Percent-encoded, as the format demands of a reference.
std::string uri_of(const std::string& path) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/+";
  std::string uri;
  for (const char c : path) {
    if (plain.find(c) != std::string_view::npos)
      uri += c;
    else
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

// The innermost frame that has a source line; null where there is none.
Json location(const std::vector<Frame>& stack, const std::string& text) {
  for (const Frame& frame : stack) {
    if (frame.file.empty()) continue;
    Json physical = {{"artifactLocation", {{"uri", uri_of(frame.file)}}}};
    if (frame.line > 0) physical["region"] = {{"startLine", frame.line}};
    Json result = {{"physicalLocation", std::move(physical)}, {"message", message(text)}};
    if (!frame.function.empty())
      result["logicalLocations"] = Json::array({{{"name", valid_utf8(frame.function)}}});
    return result;
  }
  return {};
}

Json code_flow(const Verdict& verdict) {
  Json steps = Json::array();
  for (const Step& step : verdict.trace) {
    Json place = location(step.stack, step.task + ": " + cell_text(step));
    if (place.is_null()) continue;
    steps.push_back({{"location", std::move(place)},
                     {"executionOrder", step.number},
                     {"importance", step.guilty ? "essential" : "important"}});
  }
  return {{"threadFlows", Json::array({{{"locations", std::move(steps)}}})}};
}

Json result_of(const Verdict& verdict) {
  const Violation& violation = *verdict.violation;
  Json result = {{"ruleId", valid_utf8(violation.rule)},
                 {"level", verdict.as_expected ? "note" : "error"},
                 {"message", message(fmt::format("{}/{}: {}\n{}", verdict.scenario, verdict.variant,
                                                 violation.message, verdict.reproduce))}};
  Json places = Json::array();
  Json others = Json::array();
  for (const Access& access : violation.accesses) {
    Json place = location(access.stack, access.task + " " + access.what);
    if (place.is_null()) continue;
    const bool last = &access == &violation.accesses.back();
    (last ? places : others).push_back(std::move(place));
  }
  result["locations"] = std::move(places);
  if (!others.empty()) result["relatedLocations"] = std::move(others);
  Json flow = code_flow(verdict);
  if (!flow["threadFlows"][0]["locations"].empty())
    result["codeFlows"] = Json::array({std::move(flow)});
  return result;
}

}  // namespace

std::string to_sarif(const Report& report) {
  std::set<std::string> rules;
  Json results = Json::array();
  for (const Verdict& verdict : report.verdicts) {
    if (!verdict.violation) continue;
    rules.insert(valid_utf8(verdict.violation->rule));
    results.push_back(result_of(verdict));
  }
  Json descriptions = Json::array();
  for (const std::string& rule : rules) descriptions.push_back({{"id", rule}});
  const Json driver = {{"name", "harness"},
                       {"semanticVersion", valid_utf8(report.tool_version)},
                       {"rules", std::move(descriptions)}};
  const Json run = {{"tool", {{"driver", driver}}}, {"results", std::move(results)}};
  const Json document = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                         {"version", "2.1.0"},
                         {"runs", Json::array({run})}};
  return document.dump(2) + "\n";
}

}  // namespace reports
