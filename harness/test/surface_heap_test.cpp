// Freed blocks and lost ones: programs/heap.cpp.
#include "harness/test/programs.hpp"
#include "reports/json.hpp"

namespace harness {
namespace {

Options search(std::string_view strategy) {
  Options options = test::small_search(strategy, 3000);
  options.leaks = true;
  return options;
}

TEST(SurfaceHeap, AHeadThatComesBackIsFound) {
  Options options = search("dfs");
  options.leaks = false;
  const reports::Verdict verdict = test::run("heap", "comes-back", options);
  ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
  EXPECT_EQ(verdict.violation->rule, "assertion");
  const auto chose = std::find_if(verdict.trace.begin(), verdict.trace.end(),
                                  [](const reports::Step& step) { return step.op == "allocate"; });
  ASSERT_NE(chose, verdict.trace.end());
  EXPECT_EQ(chose->detail, "16 bytes, at a freed address");

  options.schedule = verdict.violation->schedule;
  EXPECT_EQ(test::run("heap", "comes-back", options).violation.value().rule, "assertion");
}

TEST(SurfaceHeap, EveryVariantComesOutAsItSays) {
  for (const Variant& variant : test::program("heap").variants)
    for (const char* strategy : {"dfs", "random"}) {
      Options options = search(strategy);
      if (variant.name == "fine-churn") options.executions = 5;
      // Those two are about addresses, and leave their nodes behind.
      options.leaks = variant.name != "comes-back" && variant.name != "fine-counted";
      const reports::Verdict verdict = test::run("heap", variant.name, options);
      EXPECT_TRUE(verdict.as_expected) << strategy << " " << test::text_of(verdict);
    }
}

TEST(SurfaceHeap, ALeakIsToldWithItsStack) {
  const reports::Verdict verdict = test::run("heap", "lost", search("dfs"));
  ASSERT_TRUE(verdict.violation) << test::text_of(verdict);
  EXPECT_EQ(verdict.violation->message,
            "24 bytes that thread-1 allocated are left at the end, and nothing points to them; 2 "
            "blocks, 424 bytes in "
            "all");
  ASSERT_EQ(verdict.violation->accesses.size(), 1u);
  const auto& stack = verdict.violation->accesses.front().stack;
  EXPECT_TRUE(std::any_of(stack.begin(), stack.end(), [](const reports::Frame& frame) {
    return frame.function.find("lost") != std::string::npos;
  }));
}

TEST(SurfaceHeap, TheSameSeedSaysTheSameAHundredTimes) {
  Options options = search("random");
  options.executions = 100;
  options.shrink_seconds = 0;
  options.leaks = false;
  const auto bytes = [&] { return reports::to_json(test::run("heap", "comes-back", options)).dump(); };
  const std::string first = bytes();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(bytes(), first);
}

TEST(SurfaceHeap, LeaksAreAskedFor) {
  Options options = search("dfs");
  options.leaks = false;
  for (const char* variant : {"lost", "lost-in-one-order", "lost-ring"})
    EXPECT_EQ(test::run("heap", variant, options).outcome, "pass") << variant;
}

}  // namespace
}  // namespace harness
