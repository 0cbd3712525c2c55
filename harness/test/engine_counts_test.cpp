// Depth-first search over programs whose interleavings can be counted by hand.
#include "harness/test/programs.hpp"

namespace harness {
namespace {

std::uint64_t interleavings(std::string_view variant, int preemptions = -1) {
  Options options;
  options.preemptions = preemptions;
  const reports::Verdict verdict = test::run("counts", variant, options);
  EXPECT_EQ(verdict.outcome, "pass") << test::text_of(verdict);
  EXPECT_TRUE(verdict.exhaustive);
  EXPECT_EQ(verdict.distinct, verdict.executions) << "an interleaving was executed twice";
  return verdict.executions;
}

// Two tasks a and b of two steps: aabb abab abba baab baba bbaa.
TEST(EngineCounts, TwoTasksOfTwoStepsHaveSixInterleavings) { EXPECT_EQ(interleavings("two-of-two"), 6u); }

// 6! / (2! 2! 2!) = 90.
TEST(EngineCounts, ThreeTasksOfTwoSteps) { EXPECT_EQ(interleavings("three-of-two"), 90u); }

// 8! / (4! 4!) = 70.
TEST(EngineCounts, TwoTasksOfFourSteps) { EXPECT_EQ(interleavings("two-of-four"), 70u); }

// Without preemption only who is first: ab, ba. With one: each of the two may be interrupted at 3 places
// (2 * 3 more); in all of them the other then runs to its end.
TEST(EngineCounts, PreemptionsAreBounded) {
  EXPECT_EQ(interleavings("two-of-four", 0), 2u);
  EXPECT_EQ(interleavings("two-of-four", 1), 8u);
  EXPECT_EQ(interleavings("two-of-four", 8), 70u);
}

// lock a, unlock a, lock b, unlock b: while one holds it the other cannot move, so only who is first.
// Where the second lock stands between is no choice.
TEST(EngineCounts, AMutexLeavesTwo) { EXPECT_EQ(interleavings("one-mutex"), 2u); }

// main: spawn, store, join; other: store. After the spawn the two stores in either order; join only after the
// other has ended.
TEST(EngineCounts, AThreadThatTheProgramMakes) { EXPECT_EQ(interleavings("thread"), 2u); }

TEST(EngineCounts, ALostNotificationIsADeadlock) {
  const reports::Verdict verdict = test::run("counts", "lost-notification", {});
  ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
  EXPECT_EQ(verdict.violation->rule, "deadlock");
}

}  // namespace
}  // namespace harness
