// Failures as a user of the executable meets them again: the corpus, stopping at a step, and the
// documents for other tools.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "harness/cli/corpus.hpp"
#include "harness/test/process.hpp"

namespace harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::Ran;

class CliFailures : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::string(HARNESS_SANITIZER).empty()) GTEST_SKIP() << "needs the engine";
  }

  Ran harness(std::vector<std::string> words, std::vector<std::string> environment = {}) {
    words.insert(words.begin(), HARNESS_BINARY);
    return test::run({words, std::move(environment), folder_.path().string()});
  }
  Ran explore(const std::string& variant, std::vector<std::string> more = {},
              std::vector<std::string> environment = {}) {
    std::vector<std::string> words{
        "--plugin-dir", HARNESS_TEST_PLUGINS, "--scenario", "explained", "--strategy",
        "random",       "--variant",          variant};
    words.insert(words.end(), more.begin(), more.end());
    return harness(words, std::move(environment));
  }
  Ran follow(const std::string& schedule, std::vector<std::string> more) {
    std::vector<std::string> words{"--plugin-dir", HARNESS_TEST_PLUGINS, "--scenario", "explained",
                                   "--variant",    "check-then-act",     "--schedule", schedule};
    words.insert(words.end(), more.begin(), more.end());
    return harness(words);
  }
  std::string text(const fs::path& file) const {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  json report() const { return json::parse(text(folder_.file("reports/explained.json"))); }
  std::string notes() const { return report()["environment"]["notes"].dump(); }
  fs::path corpus() const { return folder_.path() / "reports/corpus"; }
  fs::path only_entry() const {
    std::vector<fs::path> files;
    for (const auto& file : fs::directory_iterator(corpus())) files.push_back(file.path());
    EXPECT_EQ(files.size(), 1U);
    return files.empty() ? fs::path() : files.front();
  }

  test::Folder folder_;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(CliFailures, AFailingScheduleIsKeptAndReplayedNextTime) {
  EXPECT_EQ(explore("check-then-act").code, 0);
  EXPECT_EQ(notes(), "[]");
  const json entry = json::parse(text(only_entry()));
  EXPECT_EQ(entry["schedule"], report()["verdicts"][0]["violation"]["shrunk"]);
  const std::string first = report()["verdicts"].dump();
  EXPECT_EQ(explore("check-then-act").code, 0);
  EXPECT_TRUE(has(notes(), "still fails")) << notes();
  EXPECT_EQ(report()["verdicts"].dump(), first) << "the search says the same, corpus or not";
}

TEST_F(CliFailures, AScheduleIsAdaptedToChangedCode) {
  explore("check-then-act");
  const json before = json::parse(text(only_entry()));
  const Ran changed = explore("check-then-act", {}, {"MORE_STEPS=1"});
  EXPECT_TRUE(has(changed.out, "was adapted, and fails")) << changed.out;
  const json after = json::parse(text(only_entry()));
  EXPECT_NE(after["schedule"], before["schedule"]);
  EXPECT_EQ(after["turns"][0], before["turns"][0]);
  explore("check-then-act", {}, {"MORE_STEPS=1"});
  EXPECT_TRUE(has(notes(), "still fails")) << notes();
}

TEST_F(CliFailures, WhatDoesNotFailAnyMoreIsStale) {
  explore("check-then-act");
  const Ran repaired = explore("check-then-act", {"--executions", "50"}, {"REPAIRED=1"});
  EXPECT_TRUE(has(repaired.out, "it is stale")) << repaired.out;
  const Ran listed = harness({"corpus", "list"});
  EXPECT_EQ(listed.code, 0);
  EXPECT_EQ(listed.out.substr(0, 32), "stale  explained/check-then-act ") << listed.out;
  const Ran again = explore("check-then-act");
  EXPECT_TRUE(has(again.out, "fails again")) << again.out;
  EXPECT_EQ(harness({"corpus", "prune"}).out, "0 removed, 1 kept\n");
  explore("check-then-act", {"--executions", "50"}, {"REPAIRED=1"});
  EXPECT_EQ(harness({"corpus", "prune"}).out, "1 removed, 0 kept\n");
  EXPECT_EQ(harness({"corpus", "list"}).out, "");
}

TEST_F(CliFailures, AVariantThatMustPassFailsByItsCorpus) {
  explore("check-then-act");
  json entry = json::parse(text(only_entry()));
  entry["variant"] = "looks-right";
  fs::remove(only_entry());
  std::ofstream(corpus() / "mine.json") << entry;
  const std::vector<std::string> one{"--executions", "1", "--seed", "3"};
  EXPECT_EQ(explore("looks-right", {"--executions", "1", "--seed", "3", "--corpus", "none"}).code, 0)
      << "one execution alone does not find it";
  const Ran found = explore("looks-right", one);
  EXPECT_EQ(found.code, 1) << found.out;
  EXPECT_TRUE(has(found.out, "corpus: this is mine.json")) << found.out;
  EXPECT_EQ(report()["verdicts"][0]["violation"]["rule"], "assertion");
}

TEST_F(CliFailures, ForeignAndBrokenFilesAreReportedAndLeftAlone) {
  explore("check-then-act");
  const std::string good = text(only_entry());
  std::ofstream(corpus() / "a-cut.json") << good.substr(0, good.size() / 2);
  std::ofstream(corpus() / "b-foreign.txt") << "hello";
  std::ofstream(corpus() / "c-other.json") << "{\"a\": 1}";
  std::ofstream(corpus() / "d-empty.json") << "";
  fs::create_directories(corpus() / "e-folder");
  json wrong = json::parse(good);
  wrong["schedule"] = "first*0";
  std::ofstream(corpus() / "f-schedule.json") << wrong;
  wrong["schedule"] = 7;
  std::ofstream(corpus() / "g-type.json") << wrong;
  wrong = json::parse(good);
  wrong["corpus_version"] = 99;
  std::ofstream(corpus() / "h-version.json") << wrong;
  const Ran ran = explore("check-then-act");
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* name : {"a-cut", "b-foreign", "c-other", "d-empty", "e-folder", "f-schedule",
                           "g-type", "h-version"})
    EXPECT_TRUE(has(ran.err, name)) << name << "\n" << ran.err;
  EXPECT_EQ(harness({"corpus", "prune"}).out, "0 removed, 1 kept\n");
  EXPECT_TRUE(fs::exists(corpus() / "a-cut.json"));
}

TEST_F(CliFailures, ACorpusThatCannotBeWrittenCostsNoVerdict) {
  std::ofstream(folder_.file("plain")) << "";
  const Ran ran = explore("check-then-act", {"--corpus", "plain/corpus"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(has(ran.err, "cannot be written")) << ran.err;
}

TEST_F(CliFailures, NoCorpusWhereNoneIsWanted) {
  explore("check-then-act", {"--corpus", "none"});
  EXPECT_FALSE(fs::exists(corpus()));
  explore("check-then-act", {"--json", "one.json"});
  EXPECT_FALSE(fs::exists(corpus()));
  explore("check-then-act", {"--json", "one.json", "--corpus", "mine"});
  EXPECT_FALSE(fs::is_empty(folder_.file("mine")));
}

TEST_F(CliFailures, CorpusCommandsAreListAndPrune) {
  EXPECT_EQ(harness({"corpus", "list"}).code, 0) << "no directory is an empty corpus";
  for (const std::vector<std::string>& words : {std::vector<std::string>{"corpus"},
                                                {"corpus", "burn"},
                                                {"corpus", "list", "--corpus"},
                                                {"corpus", "list", "prune"},
                                                {"corpus", "--corpus", "", "list"}}) {
    const Ran ran = harness(words);
    EXPECT_EQ(ran.code, 2) << testing::PrintToString(words);
    EXPECT_TRUE(has(ran.err, "write: harness corpus list")) << ran.err;
  }
}

TEST_F(CliFailures, DocumentsForOtherTools) {
  explore("check-then-act", {"--junit", "all.xml", "--sarif", "all.sarif"});
  EXPECT_TRUE(has(text(folder_.file("all.xml")), "<testsuite name=\"explained\" tests=\"1\""));
  const json sarif = json::parse(text(folder_.file("all.sarif")));
  EXPECT_EQ(sarif["runs"][0]["results"][0]["ruleId"], "assertion");
  EXPECT_EQ(explore("check-then-act", {"--junit", "-"}).out.substr(0, 5), "<?xml");
  EXPECT_EQ(explore("check-then-act", {"--junit", "-", "--json", "-"}).code, 2);
  EXPECT_EQ(explore("check-then-act", {"--sarif", "."}).code, 2);
  EXPECT_EQ(explore("check-then-act", {"--junit", "absent/all.xml"}).code, 3);
}

TEST_F(CliFailures, WhatStressSawIsFoundUnderControl) {
  const Ran ran = explore("always", {"--mode", "stress", "--explain", "--seconds", "2"});
  EXPECT_EQ(ran.code, 2) << "--strategy has no meaning there";
  const auto stress = [&](std::vector<std::string> more) {
    std::vector<std::string> words{
        "--plugin-dir", HARNESS_TEST_PLUGINS, "--scenario", "explained", "--mode",
        "stress",       "--seconds",          "2"};
    words.insert(words.end(), more.begin(), more.end());
    return harness(words);
  };
  const Ran found = stress({"--variant", "always", "--explain"});
  EXPECT_EQ(found.code, 0) << found.out << found.err;
  const json verdicts = report()["verdicts"];
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(verdicts[0]["mode"], "stress");
  EXPECT_EQ(verdicts[1]["mode"], "explore");
  EXPECT_EQ(verdicts[1]["violation"]["rule"], verdicts[0]["violation"]["rule"]);
  const std::string reproduce = verdicts[1]["reproduce"];
  EXPECT_TRUE(has(reproduce, " --schedule 'wrong*1'")) << reproduce;
  EXPECT_FALSE(has(reproduce, "stress")) << reproduce;
  EXPECT_TRUE(fs::exists(only_entry())) << "its schedule is kept";
  EXPECT_EQ(stress({"--variant", "exchange", "--explain"}).code, 0);
  EXPECT_EQ(report()["verdicts"].size(), 1U) << "a pass has nothing to look for";
}

TEST_F(CliFailures, ExplainAndExplainPassGoWithTheirModes) {
  const Ran explain = explore("always", {"--explain"});
  EXPECT_EQ(explain.code, 2);
  EXPECT_TRUE(has(explain.err, "--explain goes with --mode stress")) << explain.err;
  EXPECT_EQ(follow("first", {"--explain-pass"}).code, 2);
}

TEST_F(CliFailures, APassSaysWhatItMeansAndShowsSome) {
  const Ran ran = explore("exchange", {"--explain-pass", "--executions", "100"});
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_TRUE(has(ran.out, "what this pass means: strategy random ran 100 executions")) << ran.out;
  EXPECT_TRUE(has(ran.out, "These are not all there are")) << ran.out;
  const json examples = report()["verdicts"][0]["examples"];
  ASSERT_EQ(examples.size(), 3U);
  for (const json& example : examples) {
    EXPECT_TRUE(has(ran.out, "for example "));
    EXPECT_FALSE(example["trace"].empty());
    const std::string schedule = example["schedule"];
    std::vector<std::string> words{"--plugin-dir", HARNESS_TEST_PLUGINS, "--scenario", "explained",
                                   "--variant",    "exchange",           "--schedule", schedule};
    EXPECT_EQ(harness(words).code, 0) << schedule;
  }
  const Ran plain = explore("exchange", {"--executions", "100"});
  EXPECT_FALSE(has(plain.out, "what this pass means"));
}

TEST_F(CliFailures, StandsBeforeAStep) {
  const Ran ran = follow("first*1 second*3 first*2", {"--break-at", "5", "--print-next"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "explained/check-then-act before step 5:\n")) << ran.out;
  EXPECT_TRUE(has(ran.out, "  >> first          store busy")) << ran.out;
  EXPECT_TRUE(has(ran.out, "     main           cannot go on: join")) << ran.out;
  EXPECT_FALSE(has(ran.out, ">> second")) << "it has ended";
  EXPECT_FALSE(fs::exists(folder_.file("reports")));
}

TEST_F(CliFailures, AStepThatIsNotThereIsRefused) {
  const Ran late = follow("first*1 second*3 first*2", {"--break-at", "7", "--print-next"});
  EXPECT_EQ(late.code, 2);
  EXPECT_TRUE(has(late.err, "the execution has 6 (assertion is noticed there)")) << late.err;
  EXPECT_EQ(follow("first*1 nobody", {"--break-at", "5", "--print-next"}).code, 3);
  EXPECT_EQ(follow("first", {"--break-at", "0"}).code, 2);
  EXPECT_EQ(follow("first", {"--print-next"}).code, 2);
  EXPECT_EQ(follow("first", {"--break-at", "1", "--repeat", "2"}).code, 2);
  EXPECT_EQ(explore("check-then-act", {"--break-at", "1"}).code, 2) << "it needs a schedule";
  explore("c*");
  const Ran several = harness({"--plugin-dir", HARNESS_TEST_PLUGINS, "--replay",
                               "reports/explained.json", "--break-at", "1"});
  EXPECT_EQ(several.code, 2);
  EXPECT_TRUE(has(several.err, "choose one with --scenario and --variant")) << several.err;
}

TEST_F(CliFailures, GdbShowsTheTasks) {
  if (access("/usr/bin/gdb", X_OK) != 0) GTEST_SKIP() << "gdb is not installed";
  const Ran ran = follow("first*1 second*3 first*2", {"--break-at", "5"});
  if (has(ran.err, "ptrace") || has(ran.out, "ptrace")) GTEST_SKIP() << "gdb may not trace here";
  EXPECT_TRUE(has(ran.out, "* first ") || has(ran.out, "  first ")) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "cannot go on: join")) << ran.out << ran.err;
}

}  // namespace
}  // namespace harness
