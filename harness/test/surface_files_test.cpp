// Pipes, sockets, events, timers and epoll between tasks: programs/surface_files.cpp says what must come of each.
#include "harness/test/programs.hpp"

namespace harness {
namespace {

Options options_for(std::string_view strategy) { return test::small_search(strategy, 500); }

TEST(SurfaceFiles, EveryVariantComesOutAsItSays) {
  for (const Variant& variant : test::program("surface_files").variants) {
    for (const char* strategy : {"dfs", "random"}) {
      const reports::Verdict verdict = test::run("surface_files", variant.name, options_for(strategy));
      EXPECT_TRUE(verdict.as_expected) << test::text_of(verdict);
      EXPECT_TRUE(!verdict.violation || verdict.reason.empty()) << test::text_of(verdict);
      EXPECT_EQ(verdict.uncontrolled, std::vector<std::string>()) << variant.name;
    }
  }
}

TEST(SurfaceFiles, ADeadlockNamesTheCallAndTheDescriptor) {
  const reports::Verdict verdict = test::run("surface_files", "nobody-writes", options_for("dfs"));
  ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
  EXPECT_NE(verdict.violation->message.find("reader waits in read() for descriptor"), std::string::npos)
      << verdict.violation->message;
}

TEST(SurfaceFiles, BothOutcomesOfATimedWaitAreReached) {
  Options options = options_for("dfs");
  options.preemptions = -1;
  const reports::Verdict verdict = test::run("surface_files", "poll-times-out", options);
  EXPECT_TRUE(verdict.exhaustive) << test::text_of(verdict);
  EXPECT_GE(verdict.executions, 3u);
}

}  // namespace
}  // namespace harness
