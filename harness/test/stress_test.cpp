// Stress mode from outside: the same programs in the plain build and under each sanitizer, on
// threads of the operating system.
#include "harness/stress/stress.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/test/programs.hpp"

namespace harness::test {
namespace {

using std::string;

reports::Verdict stress_one(const string& variant, StressOptions options = {}) {
  const Scenario& scenario = program("real_threads");
  return stress(scenario, variant_of(scenario, variant), options);
}

StressOptions few(std::uint64_t executions) {
  StressOptions options;
  options.seconds = 60;
  options.executions = executions;
  return options;
}

StressOptions with_schedule(const string& text) {
  StressOptions options;
  options.schedule = text;
  return options;
}

// A variant of a program with another documented schedule.
reports::Verdict documented(const string& variant, const string& schedule, StressOptions options) {
  const Scenario& scenario = program("real_threads");
  Variant changed = variant_of(scenario, variant);
  changed.documented = schedule;
  return stress(scenario, changed, options);
}

string rule_of(const reports::Verdict& verdict) {
  return verdict.violation ? verdict.violation->rule : "";
}
string message_of(const reports::Verdict& verdict) {
  return verdict.violation ? verdict.violation->message : "";
}
bool has(const string& text, const string& part) { return text.find(part) != string::npos; }

TEST(Stress, DrivesTheScheduleOfARaceOnRealThreads) {
  const reports::Verdict verdict =
      stress_one("broken-pool", with_schedule("reader@taken reclaimer reader"));
  EXPECT_EQ(verdict.outcome, "violation");
  EXPECT_EQ(rule_of(verdict), "freed-region-in-use") << text_of(verdict);
  EXPECT_TRUE(verdict.freed_region_in_use);
  EXPECT_EQ(verdict.executions, 1u);
  EXPECT_EQ(verdict.mode, "replay");
  ASSERT_TRUE(verdict.violation->region);
  EXPECT_EQ(verdict.violation->region->name, "region 1");
  EXPECT_EQ(verdict.violation->region->mapped_by, "main");
  EXPECT_EQ(verdict.violation->region->unmapped_by, "reclaimer");
  ASSERT_EQ(verdict.violation->accesses.size(), 2u);
  EXPECT_EQ(verdict.violation->accesses[0].task, "reclaimer");
  EXPECT_EQ(verdict.violation->accesses[1].task, "reader");
  EXPECT_FALSE(verdict.violation->accesses[1].stack.empty());
  EXPECT_FALSE(verdict.trace.empty());
}

TEST(Stress, TheStacksOfTheRaceAreTheProgramsOwn) {
  const reports::Verdict verdict =
      stress_one("broken-pool", with_schedule("reader@taken reclaimer reader"));
  ASSERT_TRUE(verdict.violation) << text_of(verdict);
  for (const reports::Access& access : verdict.violation->accesses) {
    ASSERT_FALSE(access.stack.empty()) << access.what;
    for (const reports::Frame& frame : access.stack)
      EXPECT_TRUE(has(frame.file, "real_threads.cpp")) << access.what << ": " << frame.file;
  }
}

TEST(Stress, TheOtherOrderOfTheSameRaceIsHarmless) {
  EXPECT_EQ(stress_one("broken-pool", with_schedule("reader reclaimer")).outcome, "pass");
  EXPECT_EQ(stress_one("broken-pool", with_schedule("reclaimer reader")).outcome, "pass");
}

TEST(Stress, DelaysFindTheRaceWithoutASchedule) {
  const reports::Verdict verdict = stress_one("broken-pool", few(20'000));
  EXPECT_EQ(rule_of(verdict), "freed-region-in-use") << text_of(verdict);
  EXPECT_TRUE(verdict.freed_region_in_use);
  EXPECT_EQ(verdict.strategy, "delays");
  EXPECT_EQ(verdict.mode, "stress");
  EXPECT_EQ(verdict.violation->schedule, "");
}

TEST(Stress, FollowsTheDocumentedScheduleFirst) {
  const reports::Verdict verdict =
      documented("broken-pool", "reader@taken reclaimer reader", few(10));
  EXPECT_EQ(rule_of(verdict), "freed-region-in-use") << text_of(verdict);
  EXPECT_EQ(verdict.strategy, "documented schedule");
  EXPECT_EQ(verdict.violation->schedule, "reader@taken reclaimer reader");
  EXPECT_EQ(verdict.executions, 1u);
}

TEST(Stress, ADocumentedScheduleThatIsForTheEngineOrDoesNotFitIsPassedOver) {
  for (const char* text : {"reader*3 reclaimer", "reader@nowhere reclaimer", "reader@@"}) {
    const reports::Verdict verdict = documented("right-pool", text, few(20));
    EXPECT_EQ(verdict.outcome, "pass") << text;
    EXPECT_EQ(verdict.executions, 20u) << text;
  }
}

TEST(Stress, TheRightPoolIsSilent) {
  const reports::Verdict verdict = stress_one("right-pool", few(400));
  EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
  EXPECT_TRUE(verdict.as_expected);
  EXPECT_FALSE(verdict.freed_region_in_use);
  EXPECT_FALSE(verdict.exhaustive);
  EXPECT_EQ(verdict.executions, 400u);
  EXPECT_EQ(verdict.counters.at("ranges mapped"), 400u);
  EXPECT_EQ(verdict.counters.at("ranges unmapped"), 400u);
  EXPECT_GT(verdict.counters.at("points reached"), 400u);
  EXPECT_GT(verdict.counters.at("KiB resident"), 0u);
  EXPECT_TRUE(verdict.counters.contains("KiB gained by a worker"));
}

TEST(Stress, AddsUpWhatAScenarioCountsItself) {
  const reports::Verdict verdict = stress_one("figures", few(7));
  EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
  EXPECT_EQ(verdict.counters.at("things done"), 35u);
  EXPECT_EQ(verdict.counters.count("things left"), 0u);
}

TEST(Stress, EndsWhenTheTimeIsUp) {
  StressOptions options;
  options.seconds = 0.3;
  const auto start = std::chrono::steady_clock::now();
  const reports::Verdict verdict = stress_one("right-pool", options);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
  EXPECT_GT(verdict.executions, 0u);
  EXPECT_GE(took.count(), 0.29);
  EXPECT_LT(took.count(), 10);
}

TEST(Stress, HoweverShortTheTimeOneExecutionIsPlayed) {
  StressOptions options;
  options.seconds = 1e-9;
  EXPECT_EQ(stress_one("right-pool", options).executions, 1u);
  EXPECT_EQ(rule_of(documented("broken-pool", "reader@taken reclaimer reader", options)),
            "freed-region-in-use");
}

TEST(Stress, AnInterruptEndsItWithWhatThereIs) {
  std::atomic<bool> interrupted{false};
  StressOptions options;
  options.seconds = 60;
  options.interrupted = &interrupted;
  options.progress = [&](std::uint64_t, double) { interrupted = true; };
  const reports::Verdict verdict = stress_one("right-pool", options);
  EXPECT_EQ(verdict.outcome, "inconclusive");
  EXPECT_TRUE(has(verdict.reason, "interrupted after")) << verdict.reason;
}

TEST(Stress, AnInterruptEndsAnExecutionThatDoesNotEnd) {
  std::atomic<bool> interrupted{false};
  StressOptions options;
  options.seconds = 60;
  options.interrupted = &interrupted;
  options.progress = [&](std::uint64_t, double) { interrupted = true; };
  EXPECT_EQ(stress_one("loop", options).outcome, "inconclusive");
}

TEST(Stress, ADiscardedSliceIsAFreedRegionInUse) {
  const reports::Verdict verdict =
      stress_one("discard", with_schedule("owner@written sweeper owner"));
  EXPECT_EQ(rule_of(verdict), "freed-region-in-use") << text_of(verdict);
  EXPECT_TRUE(verdict.freed_region_in_use);
}

TEST(Stress, AnUnmappedRangeThatIsLeftIsALeak) {
  EXPECT_EQ(rule_of(stress_one("leak", few(3))), "leak");
}

TEST(Stress, MemoryCallsThatFailOrOverlapAreNothingWrong) {
  const reports::Verdict verdict = stress_one("odd-calls", few(30));
  EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
  EXPECT_EQ(verdict.executions, 30u);
}

TEST(Stress, UnmappedAddressesAreWhatTheyAreWithoutTheTool) {
  const reports::Verdict verdict = stress_one("unmapped-addresses", few(40));
  EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
  EXPECT_EQ(verdict.executions, 40u);
}

TEST(Stress, ThreadsThatTheProgramMakesAreTasks) {
  const reports::Verdict verdict = stress_one("own-threads", few(50));
  EXPECT_EQ(verdict.outcome, "pass") << text_of(verdict);
  EXPECT_EQ(verdict.counters.at("points reached"), 50u);
}

TEST(Stress, TwoPhasesOfTasks) {
  EXPECT_EQ(stress_one("two-phases", few(50)).outcome, "pass");
  EXPECT_EQ(stress_one("two-phases", with_schedule("first second")).outcome, "pass");
}

TEST(Stress, RandomNumbersComeFromTheSeed) {
  StressOptions options = few(1);
  options.seed = 5;
  const string first = message_of(stress_one("dice", options));
  EXPECT_EQ(first.size(), 8u) << first;
  EXPECT_EQ(message_of(stress_one("dice", options)), first);
  options.seed = 6;
  EXPECT_NE(message_of(stress_one("dice", options)), first);
}

TEST(Stress, LeavesNeitherFilesNorProcessesBehind) {
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  stress_one("null", few(5));  // debug information that was read stays open
  const auto before = open_files();
  for (int i = 0; i < 5; ++i) stress_one("right-pool", few(5));
  stress_one("null", few(5));
  EXPECT_EQ(open_files(), before);
  std::ifstream children("/proc/self/task/" + std::to_string(getpid()) + "/children");
  string child;
  children >> child;
  EXPECT_EQ(child, "");
}

}  // namespace
}  // namespace harness::test
