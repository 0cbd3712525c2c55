// Signals, time, random numbers, other processes: programs/surface_other.cpp and surface_signals.cpp say what
// must come of each.
#include <map>

#include "harness/test/programs.hpp"

namespace harness {
namespace {

Options options_for(std::string_view strategy) { return test::small_search(strategy, 1000); }

TEST(SurfaceOther, WhatIsRefusedIsSaidInASentence) {
  const std::map<std::string, std::string> sentences = {
      {"forks", "fork()"},       {"spawns-shell", "system()"}, {"opens-pipe", "popen()"},
      {"executes", "execl()"}, {"opens-named", "Use sem_init()"}, {"kills-parent", "kill() of another process"}};
  for (const auto& [variant, sentence] : sentences) {
    const reports::Verdict verdict = test::run("surface_other", variant, options_for("dfs"));
    EXPECT_EQ(verdict.outcome, "error") << test::text_of(verdict);
    EXPECT_NE(verdict.reason.find(sentence), std::string::npos) << verdict.reason;
  }
}

TEST(SurfaceOther, EveryVariantComesOutAsItSays) {
  for (const char* program : {"surface_other", "surface_signals"})
    for (const Variant& variant : test::program(program).variants)
      for (const char* strategy : {"dfs", "random"}) {
        const reports::Verdict verdict = test::run(program, variant.name, options_for(strategy));
        if (verdict.outcome == "error") break;  // above
        EXPECT_TRUE(verdict.as_expected) << test::text_of(verdict);
        EXPECT_TRUE(!verdict.violation || verdict.reason.empty()) << test::text_of(verdict);
      }
}

TEST(SurfaceOther, ATimerThatIsNeverDueIsNamed) {
  const reports::Verdict verdict = test::run("surface_other", "sets-alarm", options_for("dfs"));
  EXPECT_EQ(verdict.uncontrolled, std::vector<std::string>{"alarm(): its signal is never sent"});
}

TEST(SurfaceOther, ASignalWithoutHandlerIsNamed) {
  const reports::Verdict verdict = test::run("surface_other", "default-action", options_for("dfs"));
  ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
  EXPECT_NE(verdict.violation->message.find("killed by signal 15 (Terminated)"), std::string::npos);
}

TEST(SurfaceOther, TenThousandExecutionsDoNotGrow) {
  Options options = options_for("random");
  options.executions = 10'000;
  const reports::Verdict verdict = test::run("surface_other", "grows-not", options);
  EXPECT_EQ(verdict.outcome, "pass") << test::text_of(verdict);
  EXPECT_EQ(verdict.executions, 10'000u);
}

}  // namespace
}  // namespace harness
