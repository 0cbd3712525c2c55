// Which limits hold: the command line's, then the scenario's, then the defaults.
#include <gtest/gtest.h>

#include "harness/cli/backend.hpp"

namespace harness::cli {
namespace {

Scenario with_wishes() {
  Scenario scenario;
  scenario.name = "wishful";
  scenario.search = {"random", 5000, 1};
  return scenario;
}

TEST(CliBackend, TheCommandLineThenTheScenarioThenTheDefaults) {
  if (!has_engine()) GTEST_SKIP() << "strategies need the engine";
  CommandLine line;
  const Request usual = request_for({}, line);
  EXPECT_EQ(usual.strategy, "portfolio");
  EXPECT_EQ(usual.preemptions, 2);
  EXPECT_EQ(usual.executions, 1'000'000u);
  EXPECT_EQ(usual.seconds, 20);
  EXPECT_EQ(usual.max_steps, 20'000u);

  const Request wished = request_for(with_wishes(), line);
  EXPECT_EQ(wished.strategy, "random");
  EXPECT_EQ(wished.preemptions, -1) << "a bound that random does not have";
  EXPECT_EQ(wished.executions, 5000u);

  line.strategy = "dfs";
  line.executions = 7;
  const Request given = request_for(with_wishes(), line);
  EXPECT_EQ(given.strategy, "dfs");
  EXPECT_EQ(given.preemptions, 1);
  EXPECT_EQ(given.executions, 7u);
}

TEST(CliBackend, OneLimitGivenDropsTheDefaultOfTheOther) {
  CommandLine line;
  line.seconds = 60;
  EXPECT_EQ(request_for(with_wishes(), line).executions, 0u);
  EXPECT_EQ(request_for(with_wishes(), line).seconds, 60);
  line = {};
  line.executions = 9;
  EXPECT_EQ(request_for({}, line).seconds, 0);
  line.mode = Mode::stress;
  EXPECT_EQ(request_for({}, line).executions, 9u);
  line = {};
  line.mode = Mode::stress;
  EXPECT_EQ(request_for(with_wishes(), line).seconds, 5);
  EXPECT_EQ(request_for(with_wishes(), line).executions, 0u);
}

TEST(CliBackend, AsExpected) {
  reports::Verdict verdict;
  verdict.expected = "pass";
  verdict.outcome = "pass";
  EXPECT_TRUE(is_as_expected(verdict));
  for (const char* outcome : {"violation", "inconclusive", "error"}) {
    verdict.outcome = outcome;
    EXPECT_FALSE(is_as_expected(verdict)) << outcome;
  }
  verdict.outcome = "violation";
  verdict.violation.emplace();
  verdict.violation->rule = "leak";
  verdict.expected = "leak";
  EXPECT_TRUE(is_as_expected(verdict));
  verdict.expected = "crash";
  EXPECT_FALSE(is_as_expected(verdict));
}

}  // namespace
}  // namespace harness::cli
