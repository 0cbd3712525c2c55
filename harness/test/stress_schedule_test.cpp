// Hand-written schedules that drive real threads: what order they make, and what is said where they
// do not fit.
#include <gtest/gtest.h>

#include "harness/engine/errors.hpp"
#include "harness/stress/stress.hpp"
#include "harness/test/programs.hpp"

namespace harness::test {
namespace {

using std::string;

reports::Verdict drive(const string& variant, const string& schedule) {
  const Scenario& scenario = program("real_threads");
  StressOptions options;
  options.schedule = schedule;
  return stress(scenario, variant_of(scenario, variant), options);
}

template <class Error>
string error_of(const string& variant, const string& schedule) {
  try {
    const reports::Verdict verdict = drive(variant, schedule);
    return "no error, but " + text_of(verdict);
  } catch (const Error& error) {
    return error.what();
  }
}
string usage_error(const string& schedule) { return error_of<UsageError>("order-abc", schedule); }
string diverged(const string& variant, const string& schedule) {
  return error_of<ReplayDiverged>(variant, schedule);
}
bool has(const string& text, const string& part) { return text.find(part) != string::npos; }

TEST(StressSchedule, MakesExactlyTheOrderItSays) {
  for (int i = 0; i < 5; ++i) {
    const reports::Verdict one =
        drive("order-abc", "a@middle b@middle c@middle a@last b@last c@last a b c");
    EXPECT_EQ(one.outcome, "pass") << text_of(one);
    const reports::Verdict other = drive("order-cba", "c@middle b a c");
    EXPECT_EQ(other.outcome, "pass") << text_of(other);
  }
  EXPECT_EQ(drive("order-abc", "c@middle b a c").outcome, "violation");
}

TEST(StressSchedule, AfterTheLastItemTheRestRunsInTurn) {
  // b has ended, c waits at its point, a has not begun: the lowest first.
  const reports::Verdict verdict = drive("order-cba", "c@middle b");
  EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
}

TEST(StressSchedule, ATaskThatBlocksHandsOver) {
  const reports::Verdict verdict = drive("lock", "holder@held wanter holder wanter@mine wanter");
  EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
}

TEST(StressSchedule, LeadsIntoADeadlock) {
  const reports::Verdict verdict =
      drive("lock-orders-at-points", "forwards@one-held backwards@one-held forwards backwards");
  ASSERT_TRUE(verdict.violation) << text_of(verdict);
  EXPECT_EQ(verdict.violation->rule, "deadlock") << text_of(verdict);
  EXPECT_TRUE(has(verdict.violation->message, "forwards waits")) << text_of(verdict);
  EXPECT_EQ(verdict.violation->schedule, "forwards@one-held backwards@one-held forwards backwards");
}

TEST(StressSchedule, MainCanBeNamedToo) {
  const reports::Verdict verdict = drive("order-cba", "main c@middle b a c");
  EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
}

TEST(StressSchedule, WhatNeedsTheEngineIsRefused) {
  EXPECT_TRUE(has(usage_error("a*3 b"), "column 1: 'a*3'")) << usage_error("a*3 b");
  EXPECT_TRUE(has(usage_error("a*3 b"), "needs the engine"));
  EXPECT_TRUE(has(usage_error("a b@enter:play"), "column 3")) << usage_error("a b@enter:play");
  EXPECT_TRUE(has(usage_error("a b@leave:play"), "'leave:'"));
  EXPECT_TRUE(has(usage_error("a/1"), "alternative")) << usage_error("a/1");
}

TEST(StressSchedule, MalformedTextIsRefused) {
  EXPECT_TRUE(has(usage_error("a@ b"), "column 3")) << usage_error("a@ b");
  EXPECT_TRUE(has(usage_error("   "), "empty")) << usage_error("   ");
}

TEST(StressSchedule, AnUnknownTaskIsNamedWithTheNearest) {
  const string text = diverged("lock", "holdre@held wanter");
  EXPECT_TRUE(
      has(text, "wants 'holdre@held' (column 1), which does not exist; did you mean 'holder'?"))
      << text;
  EXPECT_TRUE(has(text, "tasks: main, holder, wanter")) << text;
}

TEST(StressSchedule, AnUnknownPointIsNamedWithTheNearest) {
  const string text = diverged("order-abc", "a@midle b");
  EXPECT_TRUE(has(text, "wants 'a@midle' (column 1), which ended before it reached that point"))
      << text;
  EXPECT_TRUE(has(text, "it came by 'middle', 'last'; did you mean 'middle'?")) << text;
}

TEST(StressSchedule, ATaskThatHasEndedCannotRunAgain) {
  const string text = diverged("order-abc", "a b a@middle");
  EXPECT_TRUE(has(text, "wants 'a@middle' (column 5), which has ended")) << text;
  EXPECT_TRUE(has(text, "a (ended)")) << text;
}

TEST(StressSchedule, ATaskThatIsBlockedDoesNotReachAPoint) {
  const string text = diverged("lock", "holder@held wanter@mine");
  EXPECT_TRUE(has(text, "wants 'wanter@mine' (column 13), which is blocked")) << text;
  EXPECT_TRUE(has(text, "holder (at held)")) << text;
}

TEST(StressSchedule, ATaskOfALaterPhaseComesAfterTheEarlierOnes) {
  const reports::Verdict verdict = drive("two-phases", "first second");
  EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
  const string text = diverged("two-phases", "second first");
  EXPECT_TRUE(has(text, "wants 'second' (column 1), which does not exist; tasks: main, first"))
      << text;
}

}  // namespace
}  // namespace harness::test
