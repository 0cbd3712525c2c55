// Programs under test that crash, loop, exit or write where they should not: each gets its verdict, and the
// tool goes on.
#include "harness/test/programs.hpp"

namespace harness {
namespace {

reports::Verdict hostile(std::string_view variant, double watchdog_seconds = 60) {
  Options options;
  options.executions = 20;
  options.max_steps = 10'000;
  options.watchdog_seconds = watchdog_seconds;
  return test::run("hostile", variant, options);
}

void expect_crash(std::string_view variant, std::string_view text, std::string_view rule = "crash") {
  const reports::Verdict verdict = hostile(variant);
  ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
  EXPECT_EQ(verdict.violation->rule, rule);
  EXPECT_NE(verdict.violation->message.find(text), std::string::npos) << verdict.violation->message;
  EXPECT_NE(verdict.violation->schedule.empty(), verdict.violation->step > 0) << "a lost schedule";
  EXPECT_TRUE(test::run("counts", "two-of-two", {}).as_expected) << "the next scenario suffers";
}

TEST(EngineHostile, StackOverflow) { expect_crash("stack-overflow", "stack overflow"); }
TEST(EngineHostile, DoubleFree) { expect_crash("free-twice", "free already", "double-free"); }
TEST(EngineHostile, FreeOfNoBlock) { expect_crash("free-nothing", "no block", "invalid-free"); }
TEST(EngineHostile, UncaughtException) { expect_crash("throw-out", "out of the task"); }
TEST(EngineHostile, CallOfNull) { expect_crash("null-call", "segmentation fault"); }
TEST(EngineHostile, DivisionByZero) { expect_crash("divide", "arithmetic exception"); }
TEST(EngineHostile, Exit) { expect_crash("exit", "exit(0)"); }
TEST(EngineHostile, UnderscoreExit) { expect_crash("underscore-exit", "exit(0)"); }
TEST(EngineHostile, Abort) { expect_crash("abort", "abort()"); }
TEST(EngineHostile, Terminate) { expect_crash("terminate", "abort()"); }
TEST(EngineHostile, Raise) { expect_crash("raise", "segmentation fault"); }
TEST(EngineHostile, Killed) { expect_crash("kill", "signal 9"); }
TEST(EngineHostile, AllocatesWithoutEnd) { expect_crash("allocate-for-ever", "bad_alloc"); }

TEST(EngineHostile, HeapOverflowDoesNotReachTheTool) {
  const reports::Verdict verdict = hostile("overflow-heap");
  EXPECT_EQ(verdict.outcome, "pass") << test::text_of(verdict);
}

// What it looks at in the loop, if anything, is the compiler's choice: where it reads, that is a livelock.
TEST(EngineHostile, ALoopWithoutSynchronisationIsCutOffAndNamed) {
  const reports::Verdict verdict = hostile("loop-for-ever", 3);
  if (verdict.violation) {
    EXPECT_EQ(verdict.violation->rule, "livelock") << test::text_of(verdict);
    EXPECT_NE(verdict.violation->message.find("culprit spins"), std::string::npos);
    return;
  }
  EXPECT_EQ(verdict.outcome, "inconclusive") << test::text_of(verdict);
  EXPECT_NE(verdict.reason.find("culprit"), std::string::npos) << verdict.reason;
  EXPECT_NE(verdict.reason.find("loop_for_ever"), std::string::npos) << verdict.reason;
}

TEST(EngineHostile, TheStepLimitIsAnOutcome) {
  const reports::Verdict verdict = hostile("many-steps");
  EXPECT_EQ(verdict.outcome, "inconclusive") << test::text_of(verdict);
  EXPECT_NE(verdict.reason.find("10000 steps"), std::string::npos) << verdict.reason;
}

TEST(EngineHostile, ThreadsWithoutEnd) {
  const reports::Verdict verdict = hostile("spawn-for-ever");
  ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
  EXPECT_NE(verdict.violation->message.find("Resource temporarily unavailable"), std::string::npos)
      << verdict.violation->message;
}

}  // namespace
}  // namespace harness
