// Quoting, tried on a real shell; and the one command that gives a verdict again.
#include <gtest/gtest.h>

#include "harness/cli/shell.hpp"
#include "harness/test/process.hpp"

namespace harness::cli {
namespace {

TEST(CliShell, TheCommandOfAViolationIsItsSchedule) {
  reports::Verdict verdict;
  verdict.scenario = "poll-vs-free";
  verdict.variant = "documented-fix";
  verdict.seed = 1;
  verdict.violation.emplace();
  verdict.violation->schedule = "main*17 reader*4 reclaimer*3 reader";
  EXPECT_EQ(reproduce_command(verdict, {}, "harness"),
            "harness --scenario poll-vs-free --variant documented-fix --schedule 'main*17 reader*4 "
            "reclaimer*3 reader'");
  verdict.violation->shrunk = "reader*4 reclaimer*3";
  CommandLine line;
  line.plugin_dirs = {"my plugins"};
  line.max_steps = 50;
  verdict.seed = 9;
  EXPECT_EQ(reproduce_command(verdict, line, "/opt/a b/harness"),
            "'/opt/a b/harness' --scenario poll-vs-free --variant documented-fix --plugin-dir 'my "
            "plugins' --seed 9 --max-steps 50 --schedule 'reader*4 reclaimer*3'");
}

TEST(CliShell, TheCommandOfASearchIsTheSearch) {
  reports::Verdict verdict;
  verdict.scenario = "calm";
  verdict.variant = "right";
  verdict.seed = 1;
  verdict.mode = "stress";
  CommandLine line;
  line.seconds = 2.5;
  EXPECT_EQ(reproduce_command(verdict, line, "harness"),
            "harness --scenario calm --variant right --mode stress --seconds 2.5");
  verdict.mode = "explore";
  line = {};
  line.strategy = "random";
  line.preemptions = -1;
  line.executions = 5;
  EXPECT_EQ(reproduce_command(verdict, line, "harness"),
            "harness --scenario calm --variant right --strategy random --executions 5 "
            "--preemptions none");
}

TEST(CliShell, WhatIsQuotedComesBackFromAShell) {
  for (const std::string word :
       {"plain", "", "two words", "it's", "$HOME `id` \\", "*?[a]", "'", "~", "a\nb", "!x", "#x",
        "a;b|c&d", "reader@leave:std::vector<int>::push_back"}) {
    const test::Ran ran = test::run({{"/bin/sh", "-c", "printf %s " + shell_quoted(word)}});
    EXPECT_EQ(ran.out, word);
    EXPECT_EQ(ran.code, 0);
  }
}

}  // namespace
}  // namespace harness::cli
