#include "reports/junit.hpp"

#include <gtest/gtest.h>

#include "reports/samples.hpp"

namespace reports {
namespace {

TEST(JUnit, Example) {
  Report report;
  report.verdicts = {samples::pass(), samples::inconclusive()};
  report.environment.seconds_by_verdict["free-vs-alloc/claimed"] = 1.25;
  const std::string expected = R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="harness">
  <testsuite name="free-vs-alloc" tests="2" failures="1" errors="0" skipped="0">
    <testcase classname="free-vs-alloc" name="claimed" time="1.250">
      <system-out>ok    free-vs-alloc/claimed  pass: 1 234 executions, exhaustive (sequential consistency, at most 2
      preemptions)
</system-out>
    </testcase>
    <testcase classname="free-vs-alloc" name="claimed" time="1.250">
      <failure type="inconclusive" message="FAIL  free-vs-alloc/claimed  inconclusive (expected pass): interrupted; 1 234 executions, not exhaustive">FAIL  free-vs-alloc/claimed  inconclusive (expected pass): interrupted; 1 234 executions, not
      exhaustive
      reproduce: harness --scenario free-vs-alloc --variant claimed
</failure>
    </testcase>
  </testsuite>
</testsuites>
)";
  EXPECT_EQ(to_junit(report), expected);
}

TEST(JUnit, MarkupAndControlCharactersAreHarmless) {
  Report report;
  report.verdicts = {samples::violation()};
  report.verdicts[0].scenario = "a<b>&\"c'\x01\xef\xbf\xbf";
  report.verdicts[0].violation->message = "]]> </system-out>\x1b";
  const std::string text = to_junit(report);
  EXPECT_NE(text.find("name=\"a&lt;b&gt;&amp;&quot;c&apos; ?\""), std::string::npos) << text;
  EXPECT_NE(text.find("]]&gt; &lt;/system-out&gt;"), std::string::npos) << text;
  for (const char c : text) {
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
  }
}

TEST(JUnit, ErrorsAreErrorsAndSuitesAreScenarios) {
  Report report = samples::report();
  report.verdicts[2].outcome = "error";
  const std::string text = to_junit(report);
  EXPECT_NE(text.find("<testsuite name=\"poll-vs-free\" tests=\"1\" failures=\"0\" errors=\"0\""),
            std::string::npos);
  EXPECT_NE(text.find("<testsuite name=\"free-vs-alloc\" tests=\"3\" failures=\"0\" errors=\"1\""),
            std::string::npos);
  EXPECT_NE(text.find("<error type=\"error\""), std::string::npos);
  EXPECT_EQ(
      to_junit({}),
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"harness\">\n</testsuites>\n");
}

}  // namespace
}  // namespace reports
