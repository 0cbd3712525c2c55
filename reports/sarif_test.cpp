// The SARIF writer: what review tools look for is where they look for it.
#include "reports/sarif.hpp"

#include <gtest/gtest.h>

#include "reports/json.hpp"
#include "reports/samples.hpp"

namespace reports {
namespace {

Json written(const Report& report) { return Json::parse(to_sarif(report)); }

TEST(Sarif, AViolationIsAResultWithItsPlaceAndItsInterleaving) {
  const Json document = written(samples::report());
  EXPECT_EQ(document["version"], "2.1.0");
  const Json& run = document["runs"][0];
  EXPECT_EQ(run["tool"]["driver"]["name"], "harness");
  ASSERT_EQ(run["results"].size(), 1U) << "verdicts without a violation are left out";
  const Json& result = run["results"][0];
  EXPECT_EQ(result["ruleId"], "freed-region-in-use");
  EXPECT_EQ(result["level"], "note") << "it was expected";
  const Json& place = result["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "scenarios/poll_vs_free.cpp");
  EXPECT_EQ(place["region"]["startLine"], 16);
  EXPECT_EQ(result["relatedLocations"][0]["message"]["text"], "reclaimer unmaps region 1 (1 MiB)");
  const Json& steps = result["codeFlows"][0]["threadFlows"][0]["locations"];
  EXPECT_EQ(steps.size(), samples::violation().trace.size());
  EXPECT_EQ(steps.back()["importance"], "essential");
  EXPECT_EQ(run["tool"]["driver"]["rules"].size(), 1U);
}

TEST(Sarif, WhatIsUnexpectedIsAnError) {
  Report report = samples::report();
  report.verdicts[0].as_expected = false;
  EXPECT_EQ(written(report)["runs"][0]["results"][0]["level"], "error");
}

TEST(Sarif, WithoutPlacesThereAreNone) {
  Report report = samples::report();
  Verdict& verdict = report.verdicts[0];
  verdict.trace.clear();
  for (Access& access : verdict.violation->accesses) access.stack.clear();
  const Json result = written(report)["runs"][0]["results"][0];
  EXPECT_TRUE(result["locations"].empty());
  EXPECT_FALSE(result.contains("codeFlows"));
}

TEST(Sarif, OddNamesAreEscapedAndBadBytesReplaced) {
  Report report = samples::report();
  report.verdicts[0].violation->accesses.back().stack = {{"f\xff", "a b/\xc3\xa4#.cpp", 1, ""}};
  const Json result = written(report)["runs"][0]["results"][0];
  EXPECT_EQ(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "a%20b/%C3%A4%23.cpp");
}

TEST(Sarif, NoVerdictsIsAnEmptyRun) { EXPECT_TRUE(written({})["runs"][0]["results"].empty()); }

}  // namespace
}  // namespace reports
