// Reading a report back, for --replay. Every field that is missing, of the wrong type or out of
// range is named by its place ("verdicts[2].violation.step"), because the file may have been edited
// by hand.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "reports/json.hpp"
#include "reports/text.hpp"

namespace reports {
namespace {

// Sorted by key: with the ordered form an object of n fields costs n * n to read.
using Document = nlohmann::json;

// A value of the document together with its place in it.
class Node {
 public:
  Node(const Document& value, std::string place, const std::string& name)
      : value_(value), place_(std::move(place)), name_(name) {}

  [[noreturn]] void refuse(const std::string& what) const {
    throw BadReport(
        fmt::format("{}: {} {}", name_, place_.empty() ? "the document" : place_, what));
  }

  Node operator[](const char* field) const {
    if (!value_.is_object()) refuse(fmt::format("must be an object, not {}", found()));
    const std::string place = place_.empty() ? field : fmt::format("{}.{}", place_, field);
    const auto at = value_.find(field);
    if (at == value_.end())
      throw BadReport(fmt::format("{}: the field {} is missing", name_, place));
    return {*at, place, name_};
  }

  bool has(const char* field) const { return value_.is_object() && value_.contains(field); }
  bool is_null() const { return value_.is_null(); }
  std::string string() const {
    if (!value_.is_string()) refuse(fmt::format("must be a string, not {}", found()));
    return value_.get<std::string>();
  }
  bool boolean() const {
    if (!value_.is_boolean()) refuse(fmt::format("must be true or false, not {}", found()));
    return value_.get<bool>();
  }
  double number() const {
    if (!value_.is_number()) refuse(fmt::format("must be a number, not {}", found()));
    return value_.get<double>();
  }
  template <class T>
  T natural() const {
    constexpr std::uint64_t most = std::numeric_limits<T>::max();
    if (!value_.is_number_unsigned() || value_.get<std::uint64_t>() > most) {
      refuse(fmt::format("must be a whole number from 0 to {}, not {}", most, found()));
    }
    return static_cast<T>(value_.get<std::uint64_t>());
  }

  template <class Read>
  auto list(Read read) const {
    if (!value_.is_array()) refuse(fmt::format("must be an array, not {}", found()));
    std::vector<decltype(read(*this))> result;
    for (std::size_t i = 0; i < value_.size(); ++i) {
      result.push_back(read(Node(value_[i], fmt::format("{}[{}]", place_, i), name_)));
    }
    return result;
  }
  template <class Read>
  auto map(Read read) const {
    if (!value_.is_object()) refuse(fmt::format("must be an object, not {}", found()));
    std::map<std::string, decltype(read(*this))> result;
    for (const auto& [key, value] : value_.items()) {
      result[key] = read(Node(value, fmt::format("{}.{}", place_, key), name_));
    }
    return result;
  }

 private:
  // What stands there instead, short enough for a message.
  std::string found() const {
    if (value_.is_object()) return "an object";
    if (value_.is_array()) return "an array";
    return printable(
        cut(value_.dump(-1, ' ', false, Document::error_handler_t::replace), 40, false), false);
  }

  const Document& value_;
  std::string place_;
  const std::string& name_;
};

std::string read_string(const Node& node) { return node.string(); }

Frame read_frame(const Node& node) {
  Frame frame;
  frame.function = node["function"].string();
  frame.file = node["file"].string();
  frame.line = node["line"].natural<int>();
  frame.module = node["module"].string();
  return frame;
}

Step read_step(const Node& node) {
  Step step;
  step.number = node["number"].natural<std::uint32_t>();
  step.task = node["task"].string();
  step.op = node["op"].string();
  step.object = node["object"].string();
  step.label = node["label"].string();
  step.detail = node["detail"].string();
  step.guilty = node["guilty"].boolean();
  step.stack = node["stack"].list(read_frame);
  return step;
}

Access read_access(const Node& node) {
  Access access;
  access.step = node["step"].natural<std::uint32_t>();
  access.task = node["task"].string();
  access.what = node["what"].string();
  access.stack = node["stack"].list(read_frame);
  return access;
}

Warning read_warning(const Node& node) {
  return {node["rule"].string(), node["message"].string(), node["accesses"].list(read_access)};
}

Region read_region(const Node& node) {
  Region region;
  region.name = node["name"].string();
  region.bytes = node["bytes"].natural<std::uint64_t>();
  region.mapped_by = node["mapped_by"].string();
  region.mapped_at = node["mapped_at"].natural<std::uint32_t>();
  region.mapped_stack = node["mapped_stack"].list(read_frame);
  region.ended = node["ended"].string();
  region.unmapped_by = node["unmapped_by"].string();
  region.unmapped_at = node["unmapped_at"].natural<std::uint32_t>();
  region.unmapped_stack = node["unmapped_stack"].list(read_frame);
  return region;
}

Violation read_violation(const Node& node) {
  Violation violation;
  violation.rule = node["rule"].string();
  violation.message = node["message"].string();
  violation.step = node["step"].natural<std::uint32_t>();
  violation.schedule = node["schedule"].string();
  violation.shrunk = node["shrunk"].string();
  violation.accesses = node["accesses"].list(read_access);
  if (!node["region"].is_null()) violation.region = read_region(node["region"]);
  violation.sanitizer = node["sanitizer"].string();
  return violation;
}

Explanation::Switch read_switch(const Node& node) {
  Explanation::Switch one;
  one.after = node["after"].natural<std::uint32_t>();
  one.from = node["from"].string();
  one.to = node["to"].string();
  one.held_up = node["held_up"].natural<std::uint32_t>();
  one.without = node["without"].string();
  return one;
}

Explanation::Order read_order(const Node& node) {
  return {node["first"].natural<std::uint32_t>(), node["then"].natural<std::uint32_t>()};
}

Explanation::Passing read_passing(const Node& node) {
  Explanation::Passing passing;
  passing.schedule = node["schedule"].string();
  passing.parts_at = node["parts_at"].natural<std::uint32_t>();
  passing.trace = node["trace"].list(read_step);
  return passing;
}

Explanation read_explanation(const Node& node) {
  Explanation explanation;
  explanation.switches = node["switches"].list(read_switch);
  explanation.ordered = node["ordered"].boolean();
  explanation.orders = node["orders"].list(read_order);
  explanation.random = node["random"].natural<std::uint64_t>();
  explanation.depth_first = node["depth_first"].natural<std::uint64_t>();
  explanation.preemptions = node["preemptions"].natural<int>();
  explanation.exhaustive = node["exhaustive"].boolean();
  if (const Node passing = node["passing"]; !passing.is_null())
    explanation.passing = read_passing(passing);
  explanation.tried = node["tried"].natural<std::uint64_t>();
  return explanation;
}

Example read_example(const Node& node) {
  return {node["schedule"].string(), node["tasks"].list(read_string),
          node["trace"].list(read_step)};
}

Bounds read_bounds(const Node& node) {
  Bounds bounds;
  bounds.memory_model = node["memory_model"].string();
  const Node preemptions = node["preemptions"];
  if (!preemptions.is_null()) bounds.preemptions = preemptions.natural<int>();
  bounds.max_steps = node["max_steps"].natural<std::uint64_t>();
  bounds.plain_accesses = node["plain_accesses"].string();
  if (node.has("leaks")) bounds.leaks = node["leaks"].boolean();
  if (node.has("spurious_wakeups")) bounds.spurious_wakeups = node["spurious_wakeups"].boolean();
  return bounds;
}

std::string read_outcome(const Node& node) {
  std::string outcome = node.string();
  for (const char* known : {"pass", "violation", "inconclusive", "error"}) {
    if (outcome == known) return outcome;
  }
  node.refuse(fmt::format("must be pass, violation, inconclusive or error, not \"{}\"",
                          printable(cut(outcome, 40, false), false)));
}

Verdict read_verdict(const Node& node) {
  Verdict verdict;
  verdict.scenario = node["scenario"].string();
  verdict.variant = node["variant"].string();
  verdict.mode = node["mode"].string();
  verdict.strategy = node["strategy"].string();
  verdict.seed = node["seed"].natural<std::uint64_t>();
  verdict.outcome = read_outcome(node["outcome"]);
  verdict.reason = node["reason"].string();
  verdict.expected = node["expected"].string();
  verdict.as_expected = node["as_expected"].boolean();
  verdict.freed_region_in_use = node["freed_region_in_use"].boolean();
  verdict.executions = node["executions"].natural<std::uint64_t>();
  verdict.distinct = node["distinct"].natural<std::uint64_t>();
  verdict.orders = node["orders"].natural<std::uint64_t>();
  verdict.orders_once = node["orders_once"].natural<std::uint64_t>();
  verdict.steps = node["steps"].natural<std::uint64_t>();
  verdict.exhaustive = node["exhaustive"].boolean();
  verdict.bounds = read_bounds(node["bounds"]);
  const Node violation = node["violation"];
  if (!violation.is_null()) verdict.violation = read_violation(violation);
  if (violation.is_null() && verdict.outcome == "violation") {
    violation.refuse("must be an object, because the outcome is \"violation\"");
  }
  if (const Node explanation = node["explanation"]; !explanation.is_null())
    verdict.explanation = read_explanation(explanation);
  verdict.tasks = node["tasks"].list(read_string);
  verdict.trace = node["trace"].list(read_step);
  verdict.examples = node["examples"].list(read_example);
  verdict.uncontrolled = node["uncontrolled"].list(read_string);
  verdict.counters =
      node["counters"].map([](const Node& at) { return at.natural<std::uint64_t>(); });
  verdict.reproduce = node["reproduce"].string();
  if (node.has("warnings")) verdict.warnings = node["warnings"].list(read_warning);
  if (node.has("command")) verdict.command = node["command"].list(read_string);
  if (node.has("output")) verdict.output = node["output"].string();
  return verdict;
}

Environment read_environment(const Node& node) {
  const auto read_number = [](const Node& at) { return at.number(); };
  Environment environment;
  environment.host = node["host"].string();
  environment.kernel = node["kernel"].string();
  environment.compiler = node["compiler"].string();
  environment.build = node["build"].string();
  environment.started = node["started"].string();
  environment.seconds = node["seconds"].number();
  environment.seconds_by_verdict = node["seconds_by_verdict"].map(read_number);
  environment.rates = node["rates"].map(read_number);
  environment.notes = node["notes"].list(read_string);
  return environment;
}

Document parse(std::string_view text, std::string_view name) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    throw BadReport(fmt::format("{}: the file is empty, not a report", name));
  }
  try {
    return Document::parse(text);
  } catch (const Document::parse_error& error) {
    // The library counts bytes from 1; a person looks for a line.
    const std::size_t end = std::min(text.size(), error.byte == 0 ? 0 : error.byte - 1);
    const std::string_view before = text.substr(0, end);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t newline = before.rfind('\n');
    const std::size_t column = end - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
    const bool cut_off = end >= text.size();
    throw BadReport(fmt::format(
        "{}: not JSON: line {}, column {}: {}", name, line, column,
        cut_off ? "the text ends in the middle of a value" : "this is not what JSON allows here"));
  } catch (const Document::exception& error) {
    throw BadReport(
        fmt::format("{}: not JSON that can be read: {}", name, printable(error.what(), false)));
  }
}

void check_version(const Document& document, std::string_view name) {
  const auto version = document.is_object() ? document.find("schema_version") : document.end();
  if (!document.is_object() || version == document.end()) {
    throw BadReport(
        fmt::format("{}: JSON, but no report: the field schema_version is missing", name));
  }
  if (*version == schema_version) return;
  const std::string found = version->is_structured()
                                ? "no number"
                                : version->dump(-1, ' ', true, Document::error_handler_t::replace);
  throw BadReport(fmt::format(
      "{}: schema_version is {}, and this version of the tool reads {}; make the report anew", name,
      cut(found, 40, false), schema_version));
}

}  // namespace

Report read_report(std::string_view text, std::string_view name) {
  const std::string called(name);
  const Document document = parse(text, name);
  check_version(document, name);
  const Node node(document, "", called);
  Report report;
  report.tool_version = node["tool_version"].string();
  report.seed = node["seed"].natural<std::uint64_t>();
  report.verdicts = node["verdicts"].list(read_verdict);
  report.environment = read_environment(node["environment"]);
  return report;
}

}  // namespace reports
