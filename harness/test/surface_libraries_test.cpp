// Libraries from Debian packages, unmodified: each driver in libraries/ must pass under every order
// that is tried, and say the same again.
#include <gtest/gtest.h>

#include "harness/test/whole_program.hpp"

namespace harness::test {
namespace {

struct Driver {
  const char* program;
  const char* argument;
  std::vector<std::string> options;
  const char* uncontrolled;  // the library, where it is not instrumented
};

const std::vector<std::string> few = {"--strategy", "random",    "--executions",
                                      "200",        "--seconds", "0"};

const Driver drivers[] = {
    // Nodes of Boost's free lists are read while others write them, and what was read is thrown
    // away: races in the
    // sense of the language, which ThreadSanitizer reports as well. Here they become scheduling
    // points.
    {"boost_lockfree", "queue", {"--data-races", "learn"}, nullptr},
    {"boost_lockfree", "fixed-queue", {"--data-races", "learn"}, nullptr},
    {"boost_lockfree", "stack", {"--data-races", "learn"}, nullptr},
    {"boost_lockfree", "one-each", {}, nullptr},
    {"moodycamel", "plain", {}, nullptr},
    {"moodycamel", "tokens", {}, nullptr},
    {"moodycamel", "blocking", {}, nullptr},
    {"tbb_queue", "unbounded", {}, "libtbb.so"},
    {"tbb_queue", "bounded", {}, "libtbb.so"},
    // What orders the accesses of the instrumented half is in the other one, and not seen.
    {"execution", "parallel", {"--data-races", "off"}, "libtbb.so"},
    {"execution", "sequential", {}, "libtbb.so"},
    {"sqlite", "one-connection", {}, "libsqlite3.so"},
    {"sqlite", "two-connections", {}, "libsqlite3.so"},
    {"xz", "", {}, "liblzma.so"},
    {"zstd", "", {}, "libzstd.so"},
};

std::string path_of(const char* program) { return std::string(HARNESS_LIBRARIES) + "/" + program; }

Answer run(const Driver& driver) {
  std::vector<std::string> options = few;
  options.insert(options.end(), driver.options.begin(), driver.options.end());
  return explore(path_of(driver.program), options, {driver.argument});
}

std::string bytes_of(reports::Verdict verdict) { return reports::to_json(verdict).dump(); }

class SurfaceLibraries : public testing::TestWithParam<Driver> {};

TEST_P(SurfaceLibraries, PassesAndSaysTheSameAgain) {
  const Driver& driver = GetParam();
  if (!std::filesystem::exists(path_of(driver.program)))
    GTEST_SKIP() << "the library is not installed";
  const Answer first = run(driver);
  EXPECT_EQ(first.code, 0) << first.text;
  EXPECT_EQ(first.verdict.outcome, "pass");
  EXPECT_GE(first.verdict.executions, 64u) << "all of it";
  if (driver.uncontrolled != nullptr) {
    ASSERT_FALSE(first.verdict.uncontrolled.empty());
    EXPECT_TRUE(first.verdict.uncontrolled.front().starts_with(driver.uncontrolled)) << first.text;
  } else {
    EXPECT_TRUE(first.verdict.uncontrolled.empty()) << first.text;
  }
  EXPECT_EQ(bytes_of(run(driver).verdict), bytes_of(first.verdict));
}

INSTANTIATE_TEST_SUITE_P(Debian, SurfaceLibraries, testing::ValuesIn(drivers),
                         [](const auto& driver) {
                           std::string name =
                               std::string(driver.param.program) + "_" + driver.param.argument;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

TEST(SurfaceLibrariesRaces, OfBoostAreSeen) {
  if (!std::filesystem::exists(path_of("boost_lockfree")))
    GTEST_SKIP() << "the library is not installed";
  const Answer answer = explore(path_of("boost_lockfree"), few, {"queue"});
  ASSERT_TRUE(answer.verdict.violation) << answer.text;
  EXPECT_EQ(answer.verdict.violation->rule, "data-race");
}

}  // namespace
}  // namespace harness::test
