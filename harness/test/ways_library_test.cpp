// harness::explore() inside an ordinary GoogleTest binary: ways/*-library, run as their users would.
#include <gtest/gtest.h>

#include "harness/test/process.hpp"

namespace harness::test {
namespace {

Ran run_tests(const std::string& name, const std::string& filter) {
  return run({{std::string(HARNESS_WAYS) + "/" + name, "--gtest_filter=" + filter}});
}

TEST(WaysLibrary, RightQueuePassesWrongOneFailsWithItsInterleaving) {
  const Ran right = run_tests("queue-library", "Right.*");
  EXPECT_EQ(right.code, 0) << right.out;
  const Ran wrong = run_tests("queue-library", "Wrong.*");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_NE(wrong.out.find("*value == 1 || *value == 2"), std::string::npos) << wrong.out;
  EXPECT_NE(wrong.out.find("cas atomic"), std::string::npos) << "no interleaving: " << wrong.out;
  EXPECT_NE(wrong.out.find("ExploreOptions{.schedule = \""), std::string::npos) << wrong.out;
}

TEST(WaysLibrary, RightPoolPassesWrongOneFails) {
  EXPECT_EQ(run_tests("pool-library", "Right.*").code, 0);
  const Ran wrong = run_tests("pool-library", "Wrong.*");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_NE(wrong.out.find("deadlock"), std::string::npos) << wrong.out;
}

// What is written as tests in ways/results.cpp: state that is restored, results, options.
TEST(WaysLibrary, Results) {
  const Ran ran = run_tests("results-library", "*");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
}

}  // namespace
}  // namespace harness::test
