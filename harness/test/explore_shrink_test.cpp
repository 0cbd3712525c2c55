// Shrinking: what is left of a failing schedule is what makes it fail, and it fails in the same
// way.
#include <algorithm>
#include <filesystem>

#include "harness/engine/schedule.hpp"
#include "harness/explore/shrink.hpp"
#include "harness/test/programs.hpp"

namespace harness {
namespace {

reports::Verdict found(const std::string& variant, std::uint64_t seed = 1) {
  Options options;
  options.strategy = "random";
  options.seed = seed;
  return test::run("explained", variant, options);
}

std::size_t switches_of(const std::string& text) {
  Schedule schedule = parse_schedule(text);
  std::erase_if(schedule, [](const ScheduleItem& item) {
    return item.until == ScheduleItem::Until::racy;
  });
  std::size_t switches = 0;
  for (std::size_t i = 1; i < schedule.size(); ++i)
    if (schedule[i].task != schedule[i - 1].task) ++switches;
  return switches;
}

// One looks, the other comes in, the one comes in: six steps, and nothing of the bystanders.
bool is_shortest(const std::string& schedule) {
  return schedule == "first*1 second*3 first*2" || schedule == "second*1 first*3 second*2";
}

TEST(ExploreShrink, LeavesTheTwoSwitchesThatMatter) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const reports::Verdict verdict = found("check-then-act", seed);
    ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
    EXPECT_TRUE(is_shortest(reports::shortest_schedule(*verdict.violation)))
        << verdict.violation->shrunk;
    EXPECT_EQ(verdict.violation->step, 6U);
    EXPECT_EQ(verdict.trace.back().number, 6U) << "the trace is that of the shrunk schedule";
    EXPECT_GT(switches_of(verdict.violation->schedule), 2U) << "the original is kept beside";
  }
}

TEST(ExploreShrink, ProgramsThatTakeTheirProcessDownAreShrunkToo) {
  for (const char* variant : {"crash", "exit"}) {
    const reports::Verdict verdict = found(variant);
    ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
    EXPECT_EQ(verdict.violation->rule, "crash");
    EXPECT_TRUE(is_shortest(verdict.violation->shrunk)) << variant << verdict.violation->shrunk;
  }
}

TEST(ExploreShrink, AViolationThatComesAnywayNeedsNoSwitch) {
  const reports::Verdict verdict = found("always");
  ASSERT_TRUE(verdict.violation);
  EXPECT_EQ(reports::shortest_schedule(*verdict.violation), "wrong*1");
}

TEST(ExploreShrink, AnotherViolationOfTheSameRuleIsNotTaken) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Options options;
    options.strategy = "random";
    options.seed = seed;
    options.shrink_seconds = 0;
    const reports::Verdict as_found = test::run("explained", "two-places", options);
    const reports::Verdict shrunk = found("two-places", seed);
    ASSERT_TRUE(as_found.violation && shrunk.violation);
    EXPECT_EQ(shrunk.violation->message, as_found.violation->message);
    EXPECT_EQ(as_found.violation->shrunk, "");
    EXPECT_FALSE(as_found.explanation);
  }
}

TEST(ExploreShrink, WhatIsLeftFailsWhenItIsReplayed) {
  for (const Variant& variant : test::program("oracles").variants) {
    if (variant.expected == "pass") continue;
    Options options;
    options.strategy = "random";
    const reports::Verdict first = test::run("oracles", variant.name, options);
    ASSERT_TRUE(first.violation) << test::text_of(first);
    if (first.violation->shrunk.empty()) continue;
    options.schedule = first.violation->shrunk;
    const reports::Verdict again = test::run("oracles", variant.name, options);
    ASSERT_TRUE(again.violation) << test::text_of(again);
    EXPECT_EQ(again.violation->rule, first.violation->rule);
    EXPECT_EQ(again.violation->step, first.violation->step);
    EXPECT_EQ(again.trace, first.trace);
    EXPECT_LE(switches_of(first.violation->shrunk), switches_of(first.violation->schedule));
  }
}

TEST(ExploreShrink, TheSameSeedShrinksToTheSame) {
  const reports::Verdict first = found("check-then-act", 7);
  found("always");
  EXPECT_EQ(found("check-then-act", 7), first);
}

TEST(ExploreShrink, SizeIsSwitchesFirst) {
  const std::vector<Choice> choices{{0, 0}, {0, 1}, {1, 0}, {0, 0}};
  EXPECT_EQ(size_of(choices), (Size{2, 4}));
  EXPECT_EQ(size_of({}), (Size{0, 0}));
  EXPECT_LT((Size{1, 100}), (Size{2, 3}));
}

std::ptrdiff_t unforced_switches(const reports::Verdict& verdict) {
  const auto& switches = verdict.explanation->switches;
  return std::count_if(switches.begin(), switches.end(),
                       [](const auto& one) { return one.without != "forced"; });
}

void load_scenarios() {
  begin_loading();
  for (const auto& entry : std::filesystem::directory_iterator(HARNESS_BINARY_DIR "/lib/harness"))
    if (entry.path().extension() == ".so" &&
        dlopen(entry.path().c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr)
      throw std::runtime_error(dlerror());
  end_loading();
}

TEST(ExploreShrink, OfTheDocumentedRacesAtMostThreeSwitchesRemain) {
  load_scenarios();
  std::size_t count = 0;
  for (const Scenario& scenario : registered_scenarios())
    for (const Variant& variant : scenario.variants) {
      const bool documented = !scenario.documented.empty() || !variant.documented.empty();
      if (variant.expected == "pass" || !documented) continue;
      Options options;
      options.strategy = "pct";
      const reports::Verdict verdict = explore(scenario, variant, options);
      ASSERT_TRUE(verdict.as_expected) << test::text_of(verdict);
      const std::string schedule = reports::shortest_schedule(*verdict.violation);
      EXPECT_LE(unforced_switches(verdict), 3) << test::text_of(verdict) << "\n" << schedule;
      // Others come where a task has ended, or is blocked, and one that matters must still come.
      EXPECT_LE(switches_of(schedule), 5U) << test::text_of(verdict) << "\n" << schedule;
      ++count;
    }
  EXPECT_GE(count, 10U);
}

}  // namespace
}  // namespace harness
