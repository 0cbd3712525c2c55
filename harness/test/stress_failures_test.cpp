// Programs that die, hang or never should have been written: each is a verdict, never the end of
// the tool.
#include <gtest/gtest.h>

#include <chrono>

#include "harness/stress/stress.hpp"
#include "harness/test/programs.hpp"

namespace harness::test {
namespace {

using std::string;

reports::Verdict stress_one(const string& variant, double watchdog_seconds = 20) {
  const Scenario& scenario = program("real_threads");
  StressOptions options;
  options.seconds = 30;
  options.executions = 1;
  options.watchdog_seconds = watchdog_seconds;
  return stress(scenario, variant_of(scenario, variant), options);
}

bool has(const string& text, const string& part) { return text.find(part) != string::npos; }

void expect_violation(const string& variant, const string& rule, const string& part) {
  const reports::Verdict verdict = stress_one(variant);
  ASSERT_TRUE(verdict.violation) << text_of(verdict);
  EXPECT_EQ(verdict.outcome, "violation");
  EXPECT_EQ(verdict.violation->rule, rule) << text_of(verdict);
  EXPECT_TRUE(has(verdict.violation->message, part)) << text_of(verdict);
  EXPECT_FALSE(verdict.freed_region_in_use);
  EXPECT_EQ(verdict.executions, 1u);
}

TEST(StressFailures, ACrashIsAVerdict) {
  expect_violation("null", "crash", "culprit crashes: SIGSEGV");
}

TEST(StressFailures, TheCrashHasTheStackOfTheCulprit) {
  const reports::Verdict verdict = stress_one("null");
  ASSERT_TRUE(verdict.violation) << text_of(verdict);
  ASSERT_EQ(verdict.violation->accesses.size(), 1u);
  ASSERT_FALSE(verdict.violation->accesses[0].stack.empty());
  EXPECT_TRUE(has(verdict.violation->accesses[0].stack[0].file, "real_threads.cpp"))
      << verdict.violation->accesses[0].stack[0].file;
}

TEST(StressFailures, AStackOverflowIsCalledByItsName) {
  expect_violation("deep", "crash", "stack overflow");
}

TEST(StressFailures, AnAbort) { expect_violation("abort", "crash", "SIGABRT"); }

TEST(StressFailures, AnExit) { expect_violation("exit", "crash", "exit status 3"); }

TEST(StressFailures, AnExceptionOutOfATask) { expect_violation("throw", "crash", "no more paper"); }

TEST(StressFailures, AnAssertion) {
  expect_violation("assert", "assertion", "one == 2 (real_threads.cpp:");
}

TEST(StressFailures, ADeadlockIsSeenLongBeforeTheTimeIsOver) {
  const auto start = std::chrono::steady_clock::now();
  expect_violation("lock-orders", "deadlock", "nothing can run any more");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LT(took.count(), 10);
}

TEST(StressFailures, ALongSleepIsNoDeadlock) {
  const reports::Verdict verdict = stress_one("sleep-long");
  EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
}

TEST(StressFailures, AnEndlessLoopIsCutOff) {
  const reports::Verdict verdict = stress_one("loop", 1);
  EXPECT_EQ(verdict.outcome, "inconclusive") << text_of(verdict);
  EXPECT_TRUE(has(verdict.reason, "cut off after 1 s; still running: `main`, `culprit`"))
      << verdict.reason;
  EXPECT_FALSE(verdict.as_expected);
}

TEST(StressFailures, ErrorsOfTheScenarioAreNotViolations) {
  const auto reason = [](const string& variant) {
    const reports::Verdict verdict = stress_one(variant);
    EXPECT_EQ(verdict.outcome, "error") << text_of(verdict);
    EXPECT_FALSE(verdict.violation);
    return verdict.reason;
  };
  EXPECT_TRUE(has(reason("not-joined"), "without join(): `idle` never ran"))
      << reason("not-joined");
  EXPECT_TRUE(has(reason("same-name"), "two tasks called `twin`")) << reason("same-name");
  EXPECT_TRUE(has(reason("bad-name"), "'Two Words'")) << reason("bad-name");
}

// What only a sanitizer can see, is seen where there is one.
TEST(StressFailures, ADataRaceIsThreadSanitizersReport) {
  const reports::Verdict verdict = stress_one("data-race");
  if (sanitizer_of_build() != "thread") {
    EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
    return;
  }
  ASSERT_TRUE(verdict.violation) << text_of(verdict);
  EXPECT_EQ(verdict.violation->rule, "data-race") << text_of(verdict);
  EXPECT_TRUE(has(verdict.violation->sanitizer, "WARNING: ThreadSanitizer: data race"))
      << verdict.violation->sanitizer;
  ASSERT_EQ(verdict.violation->accesses.size(), 2u);
  EXPECT_NE(verdict.violation->accesses[0].task, verdict.violation->accesses[1].task);
  for (const reports::Access& access : verdict.violation->accesses) {
    ASSERT_FALSE(access.stack.empty());
    EXPECT_TRUE(has(access.stack[0].file, "real_threads.cpp")) << access.stack[0].file;
    for (std::size_t i = 2; i < access.stack.size(); ++i)
      EXPECT_FALSE(access.stack[i] == access.stack[i - 2]) << "an inlined call is told twice";
  }
  EXPECT_FALSE(verdict.freed_region_in_use);
}

TEST(StressFailures, AUseOfFreedHeapIsAddressSanitizersReport) {
  const reports::Verdict verdict = stress_one("freed-heap");
  if (sanitizer_of_build() == "") {
    EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
    return;
  }
  ASSERT_TRUE(verdict.violation) << text_of(verdict);
  EXPECT_EQ(verdict.violation->rule, "heap-use-after-free") << text_of(verdict);
  EXPECT_TRUE(has(verdict.violation->sanitizer, "heap-use-after-free"))
      << verdict.violation->sanitizer;
}

TEST(StressFailures, UndefinedBehaviourIsReportedInTheAddressBuild) {
  const reports::Verdict verdict = stress_one("overflow-number");
  if (sanitizer_of_build() != "address") {
    EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
    return;
  }
  ASSERT_TRUE(verdict.violation) << text_of(verdict);
  EXPECT_EQ(verdict.violation->rule, "crash") << text_of(verdict);
  EXPECT_TRUE(has(verdict.violation->sanitizer, "UndefinedBehaviorSanitizer")) << text_of(verdict);
}

}  // namespace
}  // namespace harness::test
