// Options from their four sources: which one counts, and what is said about those that cannot be
// used.
#include <gtest/gtest.h>

#include <fstream>

#include "harness/cli/options.hpp"
#include "harness/engine/errors.hpp"
#include "harness/test/process.hpp"

namespace harness::cli {
namespace {

using Words = std::vector<std::string>;

CommandLine read(const Words& arguments, const Words& environment = {}, bool engine = true) {
  return read_options(arguments, environment, engine);
}

std::string refusal(const Words& arguments, const Words& environment = {}, bool engine = true) {
  try {
    read(arguments, environment, engine);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

std::string write_config(const test::Folder& folder, const std::string& text) {
  std::ofstream(folder.file("some.ini")) << text;
  return folder.file("some.ini");
}

TEST(CliOptions, CommandLineThenEnvironmentThenFileThenDefault) {
  const test::Folder folder;
  const std::string config = write_config(
      folder, "# a remark\nseed = 3\nexecutions = 30\nmax-steps = 300\nverbose = yes\n");
  const CommandLine line = read({"--seed", "1000", "--config", config},
                                {"HARNESS_SEED=2", "HARNESS_EXECUTIONS=20", "HOME=/"});
  EXPECT_EQ(line.seed, 1000u);
  EXPECT_EQ(line.executions, 20u);
  EXPECT_EQ(line.max_steps, 300u);
  EXPECT_TRUE(line.verbose);
  EXPECT_EQ(line.report_dir, "reports");
  EXPECT_FALSE(line.strategy);
  EXPECT_TRUE(line.warnings.empty());
}

TEST(CliOptions, DefaultsAreThoseOfTheHelp) {
  const CommandLine line = read({});
  EXPECT_EQ(line.seed, 1u);
  EXPECT_EQ(line.variant, "*");
  EXPECT_EQ(line.mode, Mode::explore);
  EXPECT_EQ(line.repeat, 1u);
  EXPECT_EQ(line.color, Color::automatic);
  EXPECT_FALSE(line.executions || line.seconds || line.max_steps || line.preemptions);
  EXPECT_FALSE(line.scenario || line.schedule || line.replay || line.json);
}

TEST(CliOptions, NumbersAreCheckedWholeAndForRange) {
  EXPECT_EQ(read({"--seed", "18446744073709551615"}).seed, 18446744073709551615u);
  EXPECT_EQ(read({"--seconds", "0.25"}).seconds, 0.25);
  EXPECT_EQ(read({"--seconds", ".5"}).seconds, 0.5);
  EXPECT_EQ(read({"--preemptions", "none"}).preemptions, -1);
  EXPECT_EQ(read({"--preemptions=0"}).preemptions, 0);
  for (const char* bad : {"-1", "1e9x", "1e9", "0x10", " 1", "1 ", "+1", "one", "1.5", "--json"})
    EXPECT_NE(refusal({"--seed", bad}), "accepted") << bad;
  EXPECT_EQ(
      refusal({"--seed", "-1"}),
      "--seed: '-1' is no such number; a whole number from 0 to 18446744073709551615 is wanted");
  EXPECT_EQ(refusal({"--seed", "18446744073709551616"}),
            "--seed: '18446744073709551616' is out of range; a whole number from 0 to "
            "18446744073709551615 is wanted");
  for (const char* bad : {"-1", "nan", "inf", "1e5", "1s", "", "1e999", "99999999999"})
    EXPECT_NE(refusal({"--seconds", bad}), "accepted") << bad;
  EXPECT_NE(refusal({"--max-steps", "0"}), "accepted");
  EXPECT_NE(refusal({"--preemptions", "-1"}), "accepted");
  EXPECT_NE(refusal({"--schedule", "a", "--repeat", "0"}), "accepted");
}

TEST(CliOptions, ThreadsAreForRealThreads) {
  EXPECT_EQ(read({"--mode", "stress", "--threads", "8"}).threads, 8u);
  EXPECT_FALSE(read({"--mode", "stress"}).threads);
  EXPECT_NE(refusal({"--mode", "stress", "--threads", "0"}), "accepted");
  EXPECT_NE(refusal({"--mode", "stress", "--threads", "257"}), "accepted");
  EXPECT_EQ(refusal({"--threads", "8"}),
            "--threads goes with --mode stress: what is explored must be small");
}

TEST(CliOptions, ARandomSeedIsDrawn) {
  const auto first = read({"--seed", "random"}).seed;
  EXPECT_NE(first, read({"--seed", "random"}).seed);
}

TEST(CliOptions, UnknownOptionsNameTheNearest) {
  EXPECT_EQ(refusal({"--sed", "3"}), "unknown option '--sed'; did you mean '--seed'?");
  EXPECT_EQ(refusal({"--sced=3"}).substr(0, 24), "unknown option '--sced';");
  // What Boost would take for an abbreviation is a slip here.
  EXPECT_EQ(refusal({"--scen", "x"}).substr(0, 24), "unknown option '--scen';");
  EXPECT_EQ(refusal({"free-vs-alloc"}),
            "'free-vs-alloc' is no option; options begin with '--', scenarios are chosen with "
            "--scenario 'free-vs-alloc', and a program is run with harness run -- free-vs-alloc");
  EXPECT_NE(refusal({"--quiet", "loud"}), "accepted");
  EXPECT_NE(refusal({"--", "--quiet"}), "accepted");
  EXPECT_NE(refusal({""}), "accepted");
}

TEST(CliOptions, MissingSurplusAndRepeatedValues) {
  EXPECT_EQ(refusal({"--seed"}), "--seed needs a value: --seed N");
  EXPECT_EQ(refusal({"--seed="}), "--seed needs a value: --seed N");
  EXPECT_EQ(refusal({"--seed", "--quiet"}).substr(0, 6), "--seed");
  EXPECT_EQ(refusal({"--quiet=yes"}), "--quiet takes no value");
  EXPECT_EQ(refusal({"--seed", "1", "--seed", "2"}), "--seed is given twice; it takes one value");
  EXPECT_EQ(refusal({"--scenario", ""}), "--scenario is empty");
  EXPECT_EQ(read({"--plugin-dir", "a", "--plugin-dir", "b"}).plugin_dirs, (Words{"a", "b"}));
}

TEST(CliOptions, AValueMayBeginWithADash) {
  EXPECT_EQ(read({"--scenario", "-calm"}).scenario, "-calm");
  EXPECT_EQ(read({"--schedule=a b", "--json", "-"}).json, "-");
}

TEST(CliOptions, TheEnvironmentIsCheckedByName) {
  const CommandLine line = read({}, {"HARNESS_SEDE=1", "HARNESSED=1", "HARNESS_PLUGIN_PATH=/a:/b",
                                     "HARNESS_KEEP_GOING=1", "HARNESS_PLUGIN_DIR=/c"});
  ASSERT_EQ(line.warnings.size(), 1u);
  EXPECT_EQ(line.warnings[0],
            "unknown variable 'HARNESS_SEDE'; did you mean 'HARNESS_SEED'? It is ignored.");
  EXPECT_EQ(line.plugin_path, "/a:/b");
  EXPECT_EQ(line.plugin_dirs, Words{"/c"});
  EXPECT_TRUE(line.keep_going);
  EXPECT_EQ(refusal({}, {"HARNESS_SEED=x"}).substr(0, 13), "HARNESS_SEED:");
  EXPECT_EQ(refusal({}, {"HARNESS_QUIET=perhaps"}),
            "HARNESS_QUIET: 'perhaps' is neither true nor false");
}

TEST(CliOptions, ModesFollowFromWhatIsAsked) {
  EXPECT_EQ(read({"--schedule", "main"}).mode, Mode::replay);
  EXPECT_EQ(read({"--replay", "some.json"}).mode, Mode::replay);
  EXPECT_EQ(read({"--mode", "stress", "--schedule", "main"}).mode, Mode::stress);
  EXPECT_EQ(read({}, {}, false).mode, Mode::stress);
  EXPECT_EQ(read({"--schedule", "main"}, {"HARNESS_MODE=explore"}).mode, Mode::replay);
  EXPECT_EQ(
      refusal({"--mode", "explroe"}),
      "--mode: unknown value 'explroe'; did you mean 'explore'? (known: explore, replay, stress)");
}

TEST(CliOptions, ASanitizerBuildSaysWhyItDoesNotExplore) {
  EXPECT_EQ(
      refusal({"--mode", "explore"}, {}, false),
      "--mode explore needs the engine, which a sanitizer build has not; use --mode stress here, "
      "or the ordinary build (preset release)");
  EXPECT_EQ(refusal({"--mode", "stress"}, {}, false), "accepted");
}

TEST(CliOptions, ContradictionsAreRefused) {
  const std::vector<Words> contradictions{{"--schedule", "main", "--replay", "x"},
                                          {"--mode", "explore", "--schedule", "main"},
                                          {"--mode", "replay"},
                                          {"--mode", "stress", "--replay", "x"},
                                          {"--repeat", "3"},
                                          {"--quiet", "--verbose"},
                                          {"--schedule", "m", "--strategy", "dfs"},
                                          {"--replay", "x", "--seed", "4"},
                                          {"--mode", "stress", "--preemptions", "2"}};
  for (const Words& words : contradictions)
    EXPECT_NE(refusal(words), "accepted") << testing::PrintToString(words);
  EXPECT_TRUE(read({"--quiet"}, {"HARNESS_VERBOSE=1"}).quiet);
  EXPECT_FALSE(read({"--quiet"}, {"HARNESS_VERBOSE=1"}).verbose);
}

TEST(CliOptions, HelpIsGivenWhateverElseIsWrong) {
  EXPECT_TRUE(read({"--help", "--seed", "x"}).help);
  EXPECT_TRUE(read({"-h"}).help);
  EXPECT_TRUE(read({"--version"}).version);
}

}  // namespace
}  // namespace harness::cli
