// The progress line: what it says; it is drawn on terminals only, which the tests of the executable
// see.
#include <gtest/gtest.h>

#include "harness/cli/progress.hpp"

namespace harness::cli {
namespace {

TEST(CliProgress, ExecutionsRateAndTimeLeft) {
  EXPECT_EQ(progress_text("calm/right", {120000, 2}, 0, 20),
            "calm/right  120 000 executions  60 000/s  at most 18 s left");
}

TEST(CliProgress, TheNearerLimitCounts) {
  EXPECT_EQ(progress_text("a/b", {1000, 1}, 5000, 20),
            "a/b  1 000 executions  1 000/s  at most 4 s left");
  EXPECT_EQ(progress_text("a/b", {1000, 1}, 5000, 0),
            "a/b  1 000 executions  1 000/s  at most 4 s left");
  EXPECT_EQ(progress_text("a/b", {1000, 30}, 0, 20), "a/b  1 000 executions  33/s  at most 0 s left");
}

TEST(CliProgress, NothingToDivideBy) {
  EXPECT_EQ(progress_text("a/b", {0, 0}, 5000, 20), "a/b  0 executions");
  EXPECT_EQ(progress_text("a/b", {1, 0.5}, 0, 0), "a/b  1 execution  2/s");
  EXPECT_EQ(progress_text("a/b", {0, 1}, 5000, 0), "a/b  0 executions  0/s");
}

TEST(ProgressText, TellsDistinctOrdersAndTheSizeOfTheTreeWhereTheyAreKnown) {
  EXPECT_EQ(progress_text("a/b", {1000, 1, 1412, 2.3e9}, 0, 0),
            "a/b  1 000 executions  1 000/s  1 412 orders  tree of 2e+09");
  EXPECT_EQ(progress_text("a/b", {1000, 1, 1, 0}, 0, 0), "a/b  1 000 executions  1 000/s  1 order");
}

}  // namespace
}  // namespace harness::cli
