// Every program in programs/ that says what must come of it, under depth-first and random search.
#include <algorithm>
#include <ostream>
#include <set>

#include "harness/test/programs.hpp"

namespace harness {
namespace {

struct Case {
  std::string program;
  std::string variant;
  std::string strategy;
};

std::string name_of(const Case& test) {
  std::string name = test.program + "_" + test.variant + "_" + test.strategy;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

void PrintTo(const Case& test, std::ostream* out) { *out << name_of(test); }

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const char* program : {"surface", "oracles", "state", "races"})
    for (const Variant& variant : test::program(program).variants)
      for (const char* strategy : {"dfs", "random"}) all.push_back({program, variant.name, strategy});
  return all;
}

class EnginePrograms : public testing::TestWithParam<Case> {};

TEST_P(EnginePrograms, ComeOutAsTheySay) {
  const Options options = test::small_search(GetParam().strategy, 2000);
  const reports::Verdict verdict = test::run(GetParam().program, GetParam().variant, options);
  EXPECT_TRUE(verdict.as_expected) << test::text_of(verdict);
  EXPECT_TRUE(verdict.uncontrolled.empty());
  if (!verdict.violation) return;
  EXPECT_EQ(verdict.reason, "");
  EXPECT_FALSE(verdict.trace.empty());
  EXPECT_NE(verdict.violation->schedule.empty(), verdict.violation->step > 0);
}

INSTANTIATE_TEST_SUITE_P(All, EnginePrograms, testing::ValuesIn(cases()),
                         [](const auto& test) { return name_of(test.param); });

// Random data comes from the seed alone: what was found with it is confirmed and replayed with it.
TEST(EngineReplay, SeesTheRandomDataThatTheSearchSaw) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Options options;
    options.strategy = "random";
    options.executions = 200;
    options.seed = seed;
    const reports::Verdict verdict = test::run("drawn", "one-in-eight", options);
    EXPECT_EQ(verdict.reason, "");
    if (!verdict.violation) continue;
    ++found;
    options.schedule = verdict.violation->schedule;
    EXPECT_TRUE(test::run("drawn", "one-in-eight", options).violation) << "seed " << seed;
  }
  EXPECT_GT(found, 0);
  EXPECT_LT(found, 20);
}

// A violation that was found is found again from its own schedule, at the same step.
TEST(EngineReplay, TheScheduleOfAViolationRepeatsIt) {
  for (const Variant& variant : test::program("oracles").variants) {
    if (variant.expected == "pass") continue;
    Options options;
    options.strategy = "random";
    const reports::Verdict found = test::run("oracles", variant.name, options);
    ASSERT_TRUE(found.violation) << test::text_of(found);
    options.schedule = reports::shortest_schedule(*found.violation);
    const reports::Verdict again = test::run("oracles", variant.name, options);
    ASSERT_TRUE(again.violation) << test::text_of(again);
    EXPECT_EQ(again.violation->rule, found.violation->rule);
    EXPECT_EQ(again.violation->step, found.violation->step);
    EXPECT_EQ(again.violation->message, found.violation->message);
    EXPECT_EQ(again.executions, 1u);
  }
}

// Same seed, same answer, whatever ran before in this process.
TEST(EngineDeterminism, TheSameSeedGivesTheSameVerdict) {
  Options options;
  options.strategy = "random";
  options.seed = 42;
  for (const Variant& variant : test::program("oracles").variants) {
    options.executions = 300;
    const reports::Verdict first = test::run("oracles", variant.name, options);
    test::run("surface", "memory", options);
    EXPECT_EQ(test::run("oracles", variant.name, options), first) << test::text_of(first);
  }
}

TEST(EngineDeterminism, AnotherSeedTakesOtherPaths) {
  Options options;
  options.strategy = "random";
  options.executions = 3;
  std::set<std::uint64_t> distinct;
  for (options.seed = 1; options.seed < 30; ++options.seed)
    distinct.insert(test::run("counts", "two-of-four", options).distinct);
  EXPECT_GT(distinct.size(), 1u) << "with three draws of 70, some seeds draw one twice";
}

TEST(EngineReplay, AScheduleThatDoesNotFitSaysWhere) {
  Options options;
  options.schedule = "task-0*7";
  try {
    test::run("counts", "two-of-two", options);
    FAIL() << "it fitted";
  } catch (const std::exception& error) {
    EXPECT_NE(std::string(error.what()).find("task-0"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace harness
