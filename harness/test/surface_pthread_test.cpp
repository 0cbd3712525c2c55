// pthreads, line by line: programs/surface_pthread.cpp says what must come of each.
#include <algorithm>
#include <ostream>

#include "harness/test/programs.hpp"

namespace harness {
namespace {

Options options_for(std::string_view strategy) { return test::small_search(strategy, 1000); }

TEST(SurfacePthread, EveryVariantComesOutAsItSays) {
  for (const char* program : {"surface_pthread", "surface_pthread_locks", "surface_pthread_ends"})
    for (const Variant& variant : test::program(program).variants) {
      if (variant.name == "cancel-asynchronous") continue;
      for (const char* strategy : {"dfs", "random"}) {
        const reports::Verdict verdict = test::run(program, variant.name, options_for(strategy));
        EXPECT_TRUE(verdict.as_expected) << test::text_of(verdict);
        EXPECT_EQ(verdict.uncontrolled, std::vector<std::string>()) << variant.name;
      }
    }
}

TEST(SurfacePthread, AsynchronousCancellationIsRefused) {
  const reports::Verdict verdict = test::run("surface_pthread_ends", "cancel-asynchronous", options_for("dfs"));
  EXPECT_EQ(verdict.outcome, "error");
  EXPECT_NE(verdict.reason.find("PTHREAD_CANCEL_DEFERRED"), std::string::npos) << verdict.reason;
}

TEST(SurfacePthread, ASwallowedExitIsSaidToBeSo) {
  const reports::Verdict verdict = test::run("surface_pthread_ends", "swallowed", options_for("dfs"));
  ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
  EXPECT_NE(verdict.violation->message.find("must rethrow"), std::string::npos);
}

// A wait that is not in a loop is right until it ends without anybody's doing.
TEST(SurfacePthread, SpuriousWakeUpsAreAChoiceWhereAskedFor) {
  Options options = options_for("dfs");
  EXPECT_EQ(test::run("surface_pthread", "wait-without-loop", options).outcome, "pass");
  options.spurious_wakeups = true;
  const reports::Verdict verdict = test::run("surface_pthread", "wait-without-loop", options);
  ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
  EXPECT_EQ(verdict.violation->rule, "assertion");

  options.schedule = verdict.violation->schedule;
  EXPECT_EQ(test::run("surface_pthread", "wait-without-loop", options).violation->rule, "assertion");
}

TEST(SurfacePthread, WaitsInLoopsBearSpuriousWakeUps) {
  Options options = options_for("dfs");
  options.spurious_wakeups = true;
  options.executions = 100'000;
  options.preemptions = 1;
  for (const char* variant : {"conditions", "joins"}) {
    const reports::Verdict verdict = test::run("surface_pthread", variant, options);
    EXPECT_EQ(verdict.outcome, "pass") << test::text_of(verdict);
  }
  const reports::Verdict conditions = test::run("surface_pthread", "conditions", options);
  EXPECT_TRUE(conditions.exhaustive) << "once for each task, or the search would never end";
}

}  // namespace
}  // namespace harness
