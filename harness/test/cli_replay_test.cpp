// Replaying what a report holds: repetitions that agree, repetitions that do not, and reports that
// cannot be replayed.
#include <gtest/gtest.h>

#include "harness/cli/files.hpp"
#include "harness/cli/replay.hpp"
#include "harness/engine/errors.hpp"
#include "harness/test/process.hpp"
#include "reports/json.hpp"

namespace harness::cli {
namespace {

reports::Verdict violation(std::uint32_t step) {
  reports::Verdict verdict;
  verdict.scenario = "calm";
  verdict.variant = "right";
  verdict.mode = "explore";
  verdict.strategy = "dfs";
  verdict.outcome = "violation";
  verdict.expected = "lost-data";
  verdict.as_expected = true;
  verdict.seed = 5;
  verdict.bounds.max_steps = 123;
  verdict.violation.emplace();
  verdict.violation->rule = "lost-data";
  verdict.violation->step = step;
  verdict.violation->schedule = "main*2 left*3";
  return verdict;
}

std::vector<Scenario> scenarios() {
  Scenario calm;
  calm.name = "calm";
  calm.variants = {{"right", "lost-data"}};
  return {calm};
}

std::string write(const test::Folder& folder, const std::vector<reports::Verdict>& verdicts) {
  reports::Report report;
  report.tool_version = "0.1.0";
  report.seed = 5;
  report.verdicts = verdicts;
  EXPECT_EQ(write_file(folder.file("report.json"), reports::write_report(report)), "");
  return folder.file("report.json");
}

CommandLine replaying(const std::string& file) {
  CommandLine line;
  line.replay = file;
  line.mode = Mode::replay;
  return line;
}

std::string refusal(const CommandLine& line) {
  try {
    read_violations(line, scenarios());
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

const auto never = [] { return false; };

TEST(CliReplay, EveryRepetitionAgrees) {
  int runs = 0;
  std::string said;
  const auto once = [&] {
    ++runs;
    return violation(12);
  };
  const auto verdict = repeat(1000, "lost-data at step 12", once, never, said);
  EXPECT_EQ(runs, 1000);
  EXPECT_EQ(said, "1000 of 1000: lost-data at step 12");
  EXPECT_EQ(verdict.outcome, "violation");
  EXPECT_TRUE(verdict.as_expected);
  EXPECT_EQ(verdict.counters.at("replays-alike"), 1000u);
}

TEST(CliReplay, OneThatDiffersEndsIt) {
  std::uint32_t step = 12;
  std::string said;
  const auto once = [&] { return violation(++step > 15 ? 99 : 12); };
  const auto verdict = repeat(1000, "", once, never, said);
  EXPECT_EQ(verdict.outcome, "error");
  EXPECT_FALSE(verdict.as_expected);
  EXPECT_EQ(said,
            "replay 4 of 1000 differs: wanted lost-data at step 12, got lost-data at step 99");
  EXPECT_EQ(verdict.reason, said);
}

TEST(CliReplay, AnErrorIsNotRepeated) {
  int runs = 0;
  std::string said;
  const auto once = [&] {
    ++runs;
    reports::Verdict verdict;
    verdict.outcome = "error";
    verdict.reason = "it does not fit";
    return verdict;
  };
  EXPECT_EQ(repeat(1000, "", once, never, said).outcome, "error");
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(said, "replay 1 of 1000: error: it does not fit");
}

TEST(CliReplay, AnInterruptEndsItWithWhatThereIs) {
  int runs = 0;
  std::string said;
  const auto once = [&] {
    ++runs;
    return violation(12);
  };
  repeat(
      1000, "", once, [&] { return runs == 3; }, said);
  EXPECT_EQ(said, "3 of 1000: lost-data at step 12");
}

TEST(CliReplay, OfAReportOnlyNamesSeedsLimitsAndSchedulesAreUsed) {
  if (!has_engine()) GTEST_SKIP() << "a schedule of the engine";
  const test::Folder folder;
  auto passed = violation(1);
  passed.outcome = "pass";
  passed.violation.reset();
  const auto violations =
      read_violations(replaying(write(folder, {passed, violation(12)})), scenarios());
  ASSERT_EQ(violations.all.size(), 1u);
  EXPECT_EQ(violations.seed, 5u);
  EXPECT_EQ(violations.all[0].rule, "lost-data");
  EXPECT_EQ(violations.all[0].step, 12u);
  EXPECT_EQ(violations.all[0].request.schedule, "main*2 left*3");
  EXPECT_EQ(violations.all[0].request.seed, 5u);
  EXPECT_EQ(violations.all[0].request.max_steps, 123u);
}

TEST(CliReplay, ReportsThatCannotBeReplayed) {
  const test::Folder folder;
  const std::string path = folder.file("report.json");
  const CommandLine line = replaying(path);
  EXPECT_NE(refusal(line).find("cannot be read"), std::string::npos);
  ASSERT_EQ(write_file(path, "{\"schema_version\": 99}"), "");
  EXPECT_NE(refusal(line).find("schema_version"), std::string::npos);
  ASSERT_EQ(write_file(path, "no json"), "");
  EXPECT_NE(refusal(line).find("not JSON"), std::string::npos);

  write(folder, {});
  EXPECT_EQ(refusal(line), "--replay: report '" + path + "' holds no violation");

  auto other = violation(1);
  other.mode = "stress";
  other.violation->schedule = "";
  write(folder, {other});
  EXPECT_NE(refusal(line).find("found on real threads without a schedule"), std::string::npos);

  other = violation(1);
  write(folder, {other});
  if (!has_engine()) {
    EXPECT_NE(refusal(line).find("recorded by the engine"), std::string::npos);
    return;
  }
  other.scenario = "clam";
  write(folder, {other});
  EXPECT_EQ(refusal(line), "--replay: report '" + path +
                               "': unknown scenario 'clam'; did you mean 'calm'? (known: calm)");
  other = violation(1);
  other.variant = "wrong";
  write(folder, {other});
  EXPECT_NE(refusal(line).find("unknown variant of calm 'wrong'"), std::string::npos);
  other = violation(1);
  other.violation->schedule = "main*0";
  write(folder, {other});
  EXPECT_NE(refusal(line).find("schedule of calm/right: "), std::string::npos);
}

TEST(CliReplay, ScenarioAndVariantChooseAmongTheViolations) {
  const test::Folder folder;
  CommandLine line = replaying(write(folder, {violation(1)}));
  line.scenario = "clam";
  EXPECT_NE(refusal(line).find("did you mean 'calm'?"), std::string::npos);
  line.scenario = "c*";
  line.variant = "wrong*";
  EXPECT_NE(refusal(line).find("no variant matches 'wrong*'"), std::string::npos);
}

}  // namespace
}  // namespace harness::cli
