// `harness run`: whole programs, linked with our runtime or, by g++, with ThreadSanitizer's.
#include <gtest/gtest.h>

#include <fstream>

#include "harness/test/whole_program.hpp"

namespace harness::test {
namespace {

namespace fs = std::filesystem;

// Both builds of a program, as far as this compiler makes them.
std::vector<std::string> builds_of(const std::string& name) {
  std::vector<std::string> builds{std::string(HARNESS_WAYS) + "/" + name};
  if (fs::exists(builds.front() + "-tsan")) builds.push_back(builds.front() + "-tsan");
  return builds;
}

void expect(const std::string& behaviour, const std::string& rule, const std::string& message,
            const std::vector<std::string>& options = {}) {
  for (const std::string& build : builds_of("behaves")) {
    const Answer answer = explore(build, options, {behaviour});
    EXPECT_EQ(answer.code, rule == "pass" ? 0 : 1) << build << " " << answer.text;
    if (rule == "pass") continue;
    ASSERT_TRUE(answer.verdict.violation) << build << " " << answer.text;
    EXPECT_EQ(answer.verdict.violation->rule, rule) << answer.text;
    EXPECT_NE(answer.verdict.violation->message.find(message), std::string::npos) << answer.text;
  }
}

void expect_pass_isolated_either_way(const std::string& behaviour) {
  for (const char* isolation : {"restore", "fork", "auto"})
    for (const std::string& build : builds_of("behaves")) {
      const Answer answer = explore(build, {"--isolation", isolation}, {behaviour});
      EXPECT_EQ(answer.code, 0) << build << " " << isolation << " " << answer.text;
      EXPECT_TRUE(answer.verdict.exhaustive) << answer.text;
      EXPECT_GE(answer.verdict.executions, 2u) << "nothing was put back: there was one execution";
    }
}

TEST(WaysProgram, FindsTheWrongQueueAndPassesTheRightOne) {
  for (const std::string& build : builds_of("queue")) {
    const Answer right = explore(build, {"--strategy", "dfs"}, {"--gtest_filter=Right.*"});
    EXPECT_EQ(right.code, 0) << build << " " << right.text;
    EXPECT_TRUE(right.verdict.exhaustive);
    const Answer wrong = explore(build, {"--expect", "assertion"}, {"--gtest_filter=Wrong.*"});
    EXPECT_EQ(wrong.code, 0) << build << " " << wrong.text;
    ASSERT_TRUE(wrong.verdict.violation);
    EXPECT_NE(wrong.verdict.violation->message.find("*value == 1"), std::string::npos);
    EXPECT_NE(wrong.verdict.output.find("Wrong.KeepsWhatIsPushed"), std::string::npos) << "what it printed";
  }
}

TEST(WaysProgram, FindsTheWrongPoolAndPassesTheRightOne) {
  for (const std::string& build : builds_of("pool")) {
    EXPECT_EQ(explore(build, {"--executions", "1000"}, {"--gtest_filter=Right.*"}).code, 0) << build;
    EXPECT_EQ(explore(build, {"--expect", "deadlock"}, {"--gtest_filter=Wrong.*"}).code, 0) << build;
  }
}

// --- what an execution leaves behind
TEST(WaysProgram, PutsBackVariables) { expect_pass_isolated_either_way("globals"); }
TEST(WaysProgram, PutsBackEnvironmentDirectoryAndMask) { expect_pass_isolated_either_way("process-state"); }
TEST(WaysProgram, PutsBackDescriptors) { expect_pass_isolated_either_way("descriptors"); }
TEST(WaysProgram, MainIsTheThreadThatItWasBefore) { expect_pass_isolated_either_way("identity"); }
TEST(WaysProgram, PutsBackTheLocale) { expect_pass_isolated_either_way("locale"); }
TEST(WaysProgram, PutsBackLargeVariables) { expect_pass_isolated_either_way("large-state"); }
TEST(WaysProgram, SignalHandlersOfTheProgram) { expect_pass_isolated_either_way("signal-handlers"); }
TEST(WaysProgram, LongJump) { expect_pass_isolated_either_way("long-jump"); }

// --- how it ends
TEST(WaysProgram, ReturnWithThreadsAlive) { expect("threads-alive", "pass", ""); }
TEST(WaysProgram, MainEndsAsAThread) { expect("thread-exit", "pass", ""); }
TEST(WaysProgram, HandlersRunInReverse) { expect("exit-handlers", "pass", ""); }
TEST(WaysProgram, ExitInAThread) { expect("exit-in-thread", "exit-status", "thread-1 ends the program with status 5"); }
TEST(WaysProgram, StaticDestructors) { expect("static-destructor", "exit-status", "status 9"); }
TEST(WaysProgram, ThreadsGoOnUntilTheEnd) { expect("race-of-exit", "exit-status", "status 6"); }
TEST(WaysProgram, QuickExit) { expect("quick-exit", "exit-status", "status 4"); }
TEST(WaysProgram, UnderscoreExit) { expect("underscore-exit", "exit-status", "status 7"); }
TEST(WaysProgram, AnotherStatusIsExpected) { expect("underscore-exit", "pass", "", {"--expect-status", "7"}); }
TEST(WaysProgram, NotTheStatusThatIsExpected) {
  expect("globals", "exit-status", "status 0; 7 was expected", {"--expect-status", "7"});
}
TEST(WaysProgram, Abort) { expect("abort", "crash", "abort()"); }
TEST(WaysProgram, Assert) { expect("assert", "assertion", "counter == 1"); }
TEST(WaysProgram, Exception) { expect("throw", "crash", "out of the thread"); }

// --- what breaks it
TEST(WaysProgram, EndlessRecursion) { expect("recursion", "crash", "stack overflow"); }
TEST(WaysProgram, ClosesEveryDescriptor) {
  expect("close-all", "pass", "");
  expect("close-all", "pass", "", {"--isolation", "fork"});
}
TEST(WaysProgram, UnmapsTheToolsMemory) { expect("unmap", "crash", ""); }
TEST(WaysProgram, SpawnsWithoutEnd) {
  expect("spawn", "crash", "Resource temporarily unavailable", {"--shrink-seconds", "0", "--isolation", "fork"});
}
TEST(WaysProgram, AllocatesWithoutEnd) {
  expect("allocate", "crash", "bad_alloc", {"--shrink-seconds", "0", "--isolation", "fork"});
}
TEST(WaysProgram, ReadsAClockInALoop) { expect("clock-loop", "pass", ""); }

TEST(WaysProgram, PrintsMuch) {
  for (const std::string& build : builds_of("behaves")) {
    const Answer answer = explore(build, {}, {"many-words"});
    EXPECT_EQ(answer.code, 1) << answer.text;
    EXPECT_TRUE(answer.verdict.output.starts_with("line 0\nline 1\n")) << answer.verdict.output.substr(0, 40);
    EXPECT_NE(answer.verdict.output.find("bytes more]"), std::string::npos);
    EXPECT_LT(answer.verdict.output.size(), 66'000u);
    EXPECT_NE(answer.text.find("the program printed"), std::string::npos);
  }
}

// --- again
TEST(WaysProgram, ReplaysWhatItFound) {
  const Folder folder;
  const std::string program = builds_of("behaves").back();
  const std::string report = folder.file("behaves.json");
  Ran ran = run({{HARNESS_BINARY, "run", "--json", report, "--", program, "race-of-exit"}, {}, folder.path()});
  EXPECT_EQ(ran.code, 1) << ran.out << ran.err;
  // The report says which program it was; or it is said again.
  ran = run({{HARNESS_BINARY, "run", "--replay", report, "--repeat", "20"}, {}, folder.path()});
  EXPECT_NE(ran.out.find("20 of 20: exit-status"), std::string::npos) << ran.out << ran.err;
  ran = run({{HARNESS_BINARY, "run", "--replay", report, "--", program, "globals"}, {}, folder.path()});
  EXPECT_EQ(ran.code, 3) << "another program: " << ran.out << ran.err;
}

TEST(WaysProgram, StandsBeforeAStep) {
  const Folder folder;
  for (const std::string& program : builds_of("behaves")) {
    const auto before = [&](const std::string& step, const std::string& schedule) {
      return run({{HARNESS_BINARY, "run", "--schedule", schedule, "--break-at", step,
                   "--print-next", "--", program, "race-of-exit"},
                  {},
                  folder.path()});
    };
    const Ran ran = before("1", "thread-1*1 main*1");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out.find("/main before step 1:\n"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("     main           load race_of_exit::ready"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("  >> thread-1       store race_of_exit::ready"), std::string::npos) << ran.out;
    const Ran late = before("9", "thread-1*1 main*1");
    EXPECT_EQ(late.code, 2);
    EXPECT_NE(late.err.find("no step 9 to stop before: the execution has 2"), std::string::npos) << late.err;
  }
}

TEST(WaysProgram, GdbShowsItsTasks) {
  if (access("/usr/bin/gdb", X_OK) != 0) GTEST_SKIP() << "gdb is not installed";
  const Folder folder;
  const Ran ran = run({{HARNESS_BINARY, "run", "--schedule", "thread-1*1 main*1", "--break-at", "1", "--",
                        builds_of("behaves").back(), "race-of-exit"},
                       {},
                       folder.path()});
  if (ran.err.find("ptrace") != std::string::npos) GTEST_SKIP() << "gdb may not trace here";
  EXPECT_NE(ran.out.find(" thread-1         store "), std::string::npos) << ran.out << ran.err;
}

TEST(WaysProgram, AReportThatIsReplayedElsewhereSaysWhatToDo) {
  const Folder folder;
  const std::string report = folder.file("behaves.json");
  const std::string ways = HARNESS_WAYS;
  EXPECT_EQ(run({{HARNESS_BINARY, "run", "--json", report, "--", "./behaves", "underscore-exit"},
                 {},
                 ways})
                .code,
            1);
  const auto said = [&](std::vector<std::string> words) {
    words.insert(words.begin(), HARNESS_BINARY);
    const Ran ran = run({words, {}, folder.path()});
    EXPECT_EQ(ran.code, 2) << ran.out;
    return ran.err;
  };
  EXPECT_NE(
      said({"run", "--replay", report}).find("say where it is: harness run --replay " + report),
      std::string::npos);
  EXPECT_NE(said({"--replay", report}).find("is about a program; write harness run"),
            std::string::npos);
  EXPECT_NE(
      said({"run", "--replay", report, "--", ways + "/pool"}).find("the program behaves, not pool"),
      std::string::npos);
}

TEST(WaysProgram, SameSeedSameBytes) {
  for (const std::string& build : builds_of("pool")) {
    const auto once = [&](const std::string& isolation) {
      reports::Verdict verdict =
          explore(build, {"--strategy", "random", "--executions", "300", "--isolation", isolation},
                  {"--gtest_filter=Wrong.*"})
              .verdict;
      verdict.reproduce.clear();
      verdict.output.clear();  // gtest prints how long it took
      return reports::to_json(verdict).dump();
    };
    const std::string first = once("restore");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(once("restore"), first);
    EXPECT_EQ(once("fork"), first) << "how executions are isolated shows";
  }
}

TEST(WaysProgram, InputIsTheSameInEveryExecution) {
  const Folder folder;
  std::ofstream(folder.file("input")) << "one line\n";
  for (const std::string& build : builds_of("behaves"))
    for (const char* isolation : {"restore", "fork"}) {
      const std::string line = std::string(HARNESS_BINARY) + " run --quiet --json r.json --isolation " + isolation +
                               " -- " + build + " input < input";
      const Ran ran = run({{"/bin/sh", "-c", line}, {}, folder.path()});
      EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    }
}

}  // namespace
}  // namespace harness::test
