// JUnit XML. Control characters cannot be written in XML 1.0, not even escaped; printable() has
// replaced them before the markup is escaped.
#include "reports/junit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reports/console.hpp"
#include "reports/text.hpp"

namespace reports {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Text of one line, for an attribute. U+FFFE and U+FFFF are no characters of XML.
std::string attribute(std::string_view text) {
  std::string clean = printable(text, true);
  for (const char* banned : {"\xef\xbf\xbe", "\xef\xbf\xbf"}) {
    for (std::size_t at; (at = clean.find(banned)) != std::string::npos;) clean.replace(at, 3, "?");
  }
  return escaped(clean);
}

// Text of several lines, for the content of an element.
std::string content(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out += attribute(text.substr(0, end));
    if (end == std::string_view::npos) break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string name_of(const Verdict& verdict) { return verdict.scenario + "/" + verdict.variant; }

double seconds_of(const Report& report, const Verdict& verdict) {
  const auto at = report.environment.seconds_by_verdict.find(name_of(verdict));
  return at == report.environment.seconds_by_verdict.end() ? 0 : at->second;
}

std::string test_case(const Report& report, const Verdict& verdict) {
  const ConsoleOptions plain{.width = 100, .color = false, .unicode = true, .verbose = false};
  std::string out = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                                attribute(verdict.scenario), attribute(verdict.variant),
                                seconds_of(report, verdict));
  const std::string text = content(to_text(verdict, plain));
  if (verdict.as_expected) {
    return out + ">\n      <system-out>" + text + "</system-out>\n    </testcase>\n";
  }
  const char* element = verdict.outcome == "error" ? "error" : "failure";
  const std::string type = verdict.violation ? verdict.violation->rule : verdict.outcome;
  std::string message = to_line(verdict, {.width = 100'000});
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return out +
         fmt::format(">\n      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n    </testcase>\n",
                     element, attribute(type), attribute(message), text);
}

}  // namespace

std::string to_junit(const Report& report) {
  std::vector<std::string> scenarios;  // in order of appearance
  for (const Verdict& verdict : report.verdicts) {
    if (std::find(scenarios.begin(), scenarios.end(), verdict.scenario) == scenarios.end()) {
      scenarios.push_back(verdict.scenario);
    }
  }
  std::string suites;
  for (const std::string& scenario : scenarios) {
    std::string cases;
    int tests = 0, failures = 0, errors = 0;
    for (const Verdict& verdict : report.verdicts) {
      if (verdict.scenario != scenario) continue;
      cases += test_case(report, verdict);
      ++tests;
      if (!verdict.as_expected) ++(verdict.outcome == "error" ? errors : failures);
    }
    suites += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\">\n{}"
        "  </testsuite>\n",
        attribute(scenario), tests, failures, errors, cases);
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"harness\">\n" + suites +
         "</testsuites>\n";
}

}  // namespace reports
