// The oracles that need to remember nothing: lost-data, accounting-drift, crash, assertion.
#include "harness/test/oracle_story.hpp"

namespace harness {
namespace {

TEST(LostData, WhatWasWrittenIsGone) {
  const Story told = std::move(
      Story(make_lost_data())
          .tell({.task = 1, .op = Op::lost, .object = region, .before = 0x5a, .value = 0}));
  EXPECT_EQ(told.rule(), "lost-data");
  EXPECT_EQ(told.steps(), (Steps{1}));
  EXPECT_FALSE(told.freed_region());
  EXPECT_EQ(told.message(),
            "{task:1} finds 0x0 in the slice {object:7f0000000000}, where 0x5a had been written");
}

TEST(LostData, WhatIsFoundAsItWasIsNotLost) {
  EXPECT_TRUE(
      Story(make_lost_data()).tell({.op = Op::lost, .before = 7, .value = 7}).ends().silent());
}

TEST(AccountingDrift, ACounterThatIsWrong) {
  const Story told = std::move(
      Story(make_accounting_drift())
          .tell(
              {.task = 1, .op = Op::counted, .before = 15, .value = 16, .label = "unused slices"}));
  EXPECT_EQ(told.rule(), "accounting-drift");
  EXPECT_EQ(told.steps(), (Steps{1}));
  EXPECT_EQ(told.message(), "unused slices says 16, counting anew gives 15");
  EXPECT_EQ(Story(make_accounting_drift()).tell({.op = Op::counted, .value = 1}).message(),
            "a counter says 1, counting anew gives 0");
}

TEST(AccountingDrift, ACounterThatIsRight) {
  EXPECT_TRUE(Story(make_accounting_drift())
                  .tell({.op = Op::counted, .before = 16, .value = 16})
                  .ends()
                  .silent());
}

TEST(Crash, SaysHowAndWhere) {
  const auto crashed = [](std::uintptr_t object, const char* label) {
    return std::move(
        Story(make_crash()).tell({.task = 2, .op = Op::crashed, .object = object, .label = label}));
  };
  EXPECT_EQ(crashed(0, "exit(3)").rule(), "crash");
  EXPECT_EQ(crashed(0, "exit(3)").steps(), (Steps{1}));
  EXPECT_EQ(crashed(0, "exit(3)").message(), "{task:2} crashes: exit(3)");
  EXPECT_EQ(crashed(region, "SIGSEGV").message(),
            "{task:2} crashes: SIGSEGV at {object:7f0000000000}");
  EXPECT_EQ(crashed(8, "SIGSEGV").message(),
            "{task:2} crashes: SIGSEGV at address 0x8, next to null");
  EXPECT_EQ(crashed(0, nullptr).message(), "{task:2} crashes: unknown cause");
  EXPECT_FALSE(crashed(region, "SIGSEGV").freed_region());
}

TEST(Crash, ToEndIsNone) {
  EXPECT_TRUE(Story(make_crash()).tell({.op = Op::aborted}).ends().silent());
}

Story violated(const char* label, const char* text) {
  return std::move(Story(make_assertion())
                       .tell({.task = 1,
                              .op = Op::violated,
                              .object = reinterpret_cast<std::uintptr_t>(text),
                              .label = label}));
}

TEST(Assertion, AnAssertThatFailed) {
  const Story told =
      std::move(Story(make_assertion()).tell({.task = 1, .op = Op::aborted, .label = "x == y"}));
  EXPECT_EQ(told.rule(), "assertion");
  EXPECT_EQ(told.steps(), (Steps{1}));
  EXPECT_EQ(told.message(), "an assertion of {task:1} failed: x == y");
  EXPECT_EQ(Story(make_assertion()).tell({.task = 0, .op = Op::aborted}).message(),
            "an assertion of {task:0} failed: no text");
  EXPECT_TRUE(Story(make_assertion()).tell({.op = Op::crashed}).ends().silent());
}

TEST(Assertion, AScenarioNamesTheRuleThatWasBroken) {
  EXPECT_EQ(violated("lost-data", "byte 7 is gone").rule(), "lost-data");
  EXPECT_EQ(violated("lost-data", "byte 7 is gone").message(), "byte 7 is gone");
  EXPECT_FALSE(violated("lost-data", "byte 7 is gone").freed_region());
  EXPECT_TRUE(violated("freed-region-in-use", "x").freed_region());
}

TEST(Assertion, ARuleThatDoesNotExistIsAnAssertion) {
  EXPECT_EQ(violated("no-such-rule", "bad").rule(), "assertion");
  EXPECT_EQ(violated("no-such-rule", "bad").message(),
            "bad (rule 'no-such-rule', which does not exist)");
  EXPECT_EQ(violated(nullptr, nullptr).rule(), "assertion");
  EXPECT_EQ(violated(nullptr, nullptr).message(), "the scenario objects (assertion)");
  EXPECT_EQ(violated("leak", "").message(), "the scenario objects (leak)");
}

// A violation outlives its events, the plugin's strings and the worker.
TEST(Assertion, TheRuleIsKeptInOurOwnStorage) {
  std::string label = "double-give";
  const Story told = violated(label.c_str(), "x");
  label = "overwritten";
  EXPECT_EQ(told.rule(), "double-give");
}

}  // namespace
}  // namespace harness
