// dpor on the engine: programs in C++ whose traces are counted by arithmetic or published.
#include "harness/test/programs.hpp"

namespace harness {
namespace {

std::uint64_t traces(std::string_view variant, int preemptions = -1) {
  Options options;
  options.strategy = "dpor";
  options.preemptions = preemptions;
  const reports::Verdict verdict = test::run("traces", variant, options);
  EXPECT_EQ(verdict.outcome, "pass") << test::text_of(verdict);
  EXPECT_TRUE(verdict.exhaustive) << variant;
  EXPECT_EQ(verdict.distinct, verdict.executions) << "an interleaving was executed twice";
  return verdict.executions;
}

// GenMC and Nidhugg agree on these.
TEST(EngineTraces, AsPublished) {
  EXPECT_EQ(traces("s10"), 722u);
  EXPECT_EQ(traces("s6x3"), 4182u);
  EXPECT_EQ(traces("casrot-9"), 8597u);
  EXPECT_EQ(traces("indexer-12"), 8u);
  EXPECT_EQ(traces("indexer-15"), 4096u);
  EXPECT_EQ(traces("cinc-4"), 13'824u);
  EXPECT_EQ(traces("readers-13"), 8192u);
  EXPECT_EQ(traces("fib-bench-5"), 218'243u);
}

TEST(EngineTraces, WithinABoundOnPreemptions) {
  const std::vector<std::uint64_t> published{6, 56, 208, 430, 620, 706, 722};
  for (int bound = 0; bound <= 6; ++bound)
    EXPECT_EQ(traces("s10", bound), published[static_cast<std::size_t>(bound)]) << bound;
  const std::vector<std::uint64_t> of_three{66, 576, 2016, 3606, 4152, 4182};
  for (int bound = 0; bound <= 5; ++bound)
    EXPECT_EQ(traces("s6x3", bound), of_three[static_cast<std::size_t>(bound)]) << bound;
}

// (n + 3) 2^(n - 2): 147 456 for 15, as published.
TEST(EngineTraces, LastZero) { EXPECT_EQ(traces("lastzero-5"), 64u); }

// n! orders of n sections, additions, semaphores, threads.
TEST(EngineTraces, AllOrders) {
  for (const char* program : {"ainc-4", "lockinc-4", "semaphore-4", "threads-4"})
    EXPECT_EQ(traces(program), 24u) << program;
  EXPECT_EQ(traces("ainc-7"), 5040u);
  EXPECT_EQ(traces("lockinc-7"), 5040u);
  EXPECT_EQ(traces("cinc-2"), 8u);
  EXPECT_EQ(traces("cinc-3"), 216u);
}

// Each reader before the writer or after; each pair of neighbours in one order or the other, but
// not in a circle; the waiter before the notification or after.
TEST(EngineTraces, OtherObjects) {
  EXPECT_EQ(traces("readers-6"), 64u);
  EXPECT_EQ(traces("shared-mutex-3"), 8u);
  EXPECT_EQ(traces("philosophers-3"), 6u);
  EXPECT_EQ(traces("condition-2"), 2u);
  EXPECT_EQ(traces("casrot-5"), 43u);
  EXPECT_EQ(traces("fibonacci-3"), 141u);
}

// The mutex is taken in turn: to wait, again after that, and by each who notifies. Where somebody does in
// between, it is before the time was over, or after: 2 and 6 orders where nobody does, 1 and 6 others.
TEST(EngineTraces, AWaitThatMayTimeOut) {
  EXPECT_EQ(traces("timed-condition-2"), 4u);
  EXPECT_EQ(traces("timed-condition-3"), 18u);
}

// A loop of loads that others could come between, one trace for each place of the store: what it reads
// makes a difference, though it looks like waiting.
TEST(EngineTraces, ALoopThatCountsWhatItSeesDoesNotWait) {
  Options options;
  options.strategy = "dpor";
  const reports::Verdict verdict = test::run("traces", "polls-20", options);
  EXPECT_TRUE(verdict.exhaustive) << test::text_of(verdict);
  // And those that have shown that it does not wait: how many depends on the compiler.
  EXPECT_GE(verdict.executions, 22u);
  EXPECT_LE(verdict.executions, 30u);
}

// That a task may time out again depends on others in a way that is no order of theirs: dpor may miss
// something then, and does not say that it has seen all.
TEST(EngineTraces, TwoTimeOutsInARowAreNotCalledExhausted) {
  Options options;
  options.strategy = "dpor";
  const reports::Verdict verdict = test::run("traces", "timed-twice", options);
  EXPECT_TRUE(verdict.violation || !verdict.exhaustive) << test::text_of(verdict);
  options.strategy = "portfolio";
  EXPECT_TRUE(test::run("traces", "timed-twice", options).violation);
}

// A program that deadlocks in some order: found, whatever comes first.
TEST(EngineTraces, ADeadlockIsFound) {
  Options options;
  options.strategy = "dpor";
  const reports::Verdict verdict = test::run("counts", "lost-notification", options);
  ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
  EXPECT_EQ(verdict.violation->rule, "deadlock");
}

}  // namespace
}  // namespace harness
