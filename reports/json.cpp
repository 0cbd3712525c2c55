// Writing a report as JSON; reading it back is json_read.cpp. The order of the fields is fixed, so
// that the same report is the same bytes.
#include "reports/json.hpp"

#include <cmath>

#include "reports/text.hpp"

namespace reports {
namespace {

constexpr std::size_t line_width = 100;

double finite(double number) { return std::isfinite(number) ? number : 0; }

Json to_json(const std::vector<std::string>& strings) {
  Json result = Json::array();
  for (const std::string& text : strings) result.push_back(valid_utf8(text));
  return result;
}

Json to_json(const std::map<std::string, double>& numbers) {
  Json result = Json::object();
  for (const auto& [name, number] : numbers) result[valid_utf8(name)] = finite(number);
  return result;
}

Json to_json(const std::vector<Frame>& stack) {
  Json result = Json::array();
  for (const Frame& frame : stack) {
    result.push_back({{"function", valid_utf8(frame.function)},
                      {"file", valid_utf8(frame.file)},
                      {"line", frame.line < 0 ? 0 : frame.line},
                      {"module", valid_utf8(frame.module)}});
  }
  return result;
}

Json to_json(const Step& step) {
  return {{"number", step.number},           {"task", valid_utf8(step.task)},
          {"op", valid_utf8(step.op)},       {"object", valid_utf8(step.object)},
          {"label", valid_utf8(step.label)}, {"detail", valid_utf8(step.detail)},
          {"guilty", step.guilty},           {"stack", to_json(step.stack)}};
}

Json to_json(const Region& region) {
  return {{"name", valid_utf8(region.name)},
          {"bytes", region.bytes},
          {"mapped_by", valid_utf8(region.mapped_by)},
          {"mapped_at", region.mapped_at},
          {"mapped_stack", to_json(region.mapped_stack)},
          {"ended", valid_utf8(region.ended)},
          {"unmapped_by", valid_utf8(region.unmapped_by)},
          {"unmapped_at", region.unmapped_at},
          {"unmapped_stack", to_json(region.unmapped_stack)}};
}

Json to_json(const std::vector<Access>& accesses) {
  Json result = Json::array();
  for (const Access& access : accesses) {
    result.push_back({{"step", access.step},
                      {"task", valid_utf8(access.task)},
                      {"what", valid_utf8(access.what)},
                      {"stack", to_json(access.stack)}});
  }
  return result;
}

Json to_json(const std::vector<Warning>& warnings) {
  Json result = Json::array();
  for (const Warning& warning : warnings) {
    result.push_back({{"rule", valid_utf8(warning.rule)},
                      {"message", valid_utf8(warning.message)},
                      {"accesses", to_json(warning.accesses)}});
  }
  return result;
}

Json to_json(const Violation& violation) {
  return {{"rule", valid_utf8(violation.rule)},
          {"message", valid_utf8(violation.message)},
          {"step", violation.step},
          {"schedule", valid_utf8(violation.schedule)},
          {"shrunk", valid_utf8(violation.shrunk)},
          {"accesses", to_json(violation.accesses)},
          {"region", violation.region ? to_json(*violation.region) : Json()},
          {"sanitizer", valid_utf8(violation.sanitizer)}};
}

Json to_json(const Explanation::Passing& passing) {
  Json trace = Json::array();
  for (const Step& step : passing.trace) trace.push_back(to_json(step));
  return {{"schedule", valid_utf8(passing.schedule)},
          {"parts_at", passing.parts_at},
          {"trace", std::move(trace)}};
}

Json to_json(const Explanation& explanation) {
  Json switches = Json::array();
  for (const Explanation::Switch& one : explanation.switches) {
    switches.push_back({{"after", one.after},
                        {"from", valid_utf8(one.from)},
                        {"to", valid_utf8(one.to)},
                        {"held_up", one.held_up},
                        {"without", one.without}});
  }
  Json orders = Json::array();
  for (const Explanation::Order& order : explanation.orders)
    orders.push_back({{"first", order.first}, {"then", order.then}});
  return {{"switches", std::move(switches)},
          {"ordered", explanation.ordered},
          {"orders", std::move(orders)},
          {"random", explanation.random},
          {"depth_first", explanation.depth_first},
          {"preemptions", explanation.preemptions},
          {"exhaustive", explanation.exhaustive},
          {"passing", explanation.passing ? to_json(*explanation.passing) : Json()},
          {"tried", explanation.tried}};
}

Json to_json(const Example& example) {
  Json trace = Json::array();
  for (const Step& step : example.trace) trace.push_back(to_json(step));
  return {{"schedule", valid_utf8(example.schedule)},
          {"tasks", to_json(example.tasks)},
          {"trace", std::move(trace)}};
}

Json to_json(const Bounds& bounds) {
  Json json = {{"memory_model", valid_utf8(bounds.memory_model)},
               {"preemptions", bounds.preemptions < 0 ? Json() : Json(bounds.preemptions)},
               {"max_steps", bounds.max_steps},
               {"plain_accesses", valid_utf8(bounds.plain_accesses)}};
  if (bounds.leaks) json["leaks"] = true;
  if (bounds.spurious_wakeups) json["spurious_wakeups"] = true;
  return json;
}

Json to_json(const Environment& environment) {
  return {{"host", valid_utf8(environment.host)},
          {"kernel", valid_utf8(environment.kernel)},
          {"compiler", valid_utf8(environment.compiler)},
          {"build", valid_utf8(environment.build)},
          {"started", valid_utf8(environment.started)},
          {"seconds", finite(environment.seconds)},
          {"seconds_by_verdict", to_json(environment.seconds_by_verdict)},
          {"rates", to_json(environment.rates)},
          {"notes", to_json(environment.notes)}};
}

// Appends `value`, which stands behind `indent` columns: on one line where it fits, else broken up.
void write(const Json& value, std::size_t indent, std::size_t used, std::string& out) {
  const std::string line = value.dump();
  if (!value.is_structured() || value.empty() || used + line.size() <= line_width) {
    out += line;
    return;
  }
  out += value.is_object() ? "{\n" : "[\n";
  const std::size_t inner = indent + 2;
  bool first = true;
  for (const auto& [key, element] : value.items()) {
    if (!first) out += ",\n";
    first = false;
    out.append(inner, ' ');
    const std::string name = value.is_object() ? Json(key).dump() + ": " : "";
    out += name;
    write(element, inner, inner + name.size() + 1, out);
  }
  out += '\n';
  out.append(indent, ' ');
  out += value.is_object() ? '}' : ']';
}

}  // namespace

Json to_json(const Verdict& verdict) {
  Json trace = Json::array();
  for (const Step& step : verdict.trace) trace.push_back(to_json(step));
  Json examples = Json::array();
  for (const Example& example : verdict.examples) examples.push_back(to_json(example));
  Json counters = Json::object();
  for (const auto& [name, number] : verdict.counters) counters[valid_utf8(name)] = number;
  Json json{{"scenario", valid_utf8(verdict.scenario)},
          {"variant", valid_utf8(verdict.variant)},
          {"mode", valid_utf8(verdict.mode)},
          {"strategy", valid_utf8(verdict.strategy)},
          {"seed", verdict.seed},
          {"outcome", valid_utf8(verdict.outcome)},
          {"reason", valid_utf8(verdict.reason)},
          {"expected", valid_utf8(verdict.expected)},
          {"as_expected", verdict.as_expected},
          {"freed_region_in_use", verdict.freed_region_in_use},
          {"executions", verdict.executions},
          {"distinct", verdict.distinct},
          {"orders", verdict.orders},
          {"orders_once", verdict.orders_once},
          {"steps", verdict.steps},
          {"exhaustive", verdict.exhaustive},
          {"bounds", to_json(verdict.bounds)},
          {"violation", verdict.violation ? to_json(*verdict.violation) : Json()},
          {"explanation", verdict.explanation ? to_json(*verdict.explanation) : Json()},
          {"tasks", to_json(verdict.tasks)},
          {"trace", std::move(trace)},
          {"examples", std::move(examples)},
          {"uncontrolled", to_json(verdict.uncontrolled)},
          {"counters", std::move(counters)},
          {"reproduce", valid_utf8(verdict.reproduce)}};
  if (!verdict.warnings.empty()) json["warnings"] = to_json(verdict.warnings);
  if (!verdict.command.empty()) json["command"] = to_json(verdict.command);
  if (!verdict.output.empty()) json["output"] = valid_utf8(verdict.output);
  return json;
}

Json to_json(const Report& report) {
  Json verdicts = Json::array();
  for (const Verdict& verdict : report.verdicts) verdicts.push_back(to_json(verdict));
  return {{"schema_version", schema_version},
          {"tool_version", valid_utf8(report.tool_version)},
          {"seed", report.seed},
          {"verdicts", std::move(verdicts)},
          {"environment", to_json(report.environment)}};
}

std::string write_report(const Report& report) {
  std::string out;
  // The outermost level is always broken up, however short: one field a line.
  const Json document = to_json(report);
  out += "{\n";
  for (const auto& [key, value] : document.items()) {
    const std::string name = "  " + Json(key).dump() + ": ";
    out += name;
    write(value, 2, name.size() + 1, out);
    out += key == "environment" ? "\n" : ",\n";
  }
  return out + "}\n";
}

}  // namespace reports
