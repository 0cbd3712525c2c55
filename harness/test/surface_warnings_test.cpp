// Warnings beside a verdict, and what was destroyed: programs/warnings.cpp.
#include "harness/test/programs.hpp"
#include "reports/console.hpp"

namespace harness {
namespace {

Options few() { return test::small_search("preemptions", 200); }

reports::Verdict verdict_of(std::string_view variant) {
  return test::run("warnings", variant, few());
}

// One task after the other: nothing comes of it, and it is seen nevertheless.
TEST(SurfaceWarnings, ALockOrderIsSeenWithoutTheDeadlock) {
  Options options = few();
  options.strategy = "preemptions";
  options.executions = 1;
  const reports::Verdict verdict = test::run("warnings", "inversion", options);
  EXPECT_EQ(verdict.outcome, "pass") << test::text_of(verdict);
  ASSERT_EQ(verdict.warnings.size(), 1u);
  const reports::Warning& warning = verdict.warnings.front();
  EXPECT_EQ(warning.rule, "lock-order");
  EXPECT_EQ(warning.message,
            "thread-2 takes left while it holds right, thread-1 takes right while it holds left: "
            "in another "
            "interleaving each waits for the next for ever");
  ASSERT_EQ(warning.accesses.size(), 4u);
  EXPECT_EQ(warning.accesses[0].what, "locks right");
  EXPECT_EQ(warning.accesses[1].what, "locks left");
  EXPECT_EQ(warning.accesses[1].task, "thread-2");
  EXPECT_GT(warning.accesses[1].stack.size(), 1u);
  const std::string text = reports::to_text(verdict, {});
  EXPECT_NE(text.find("warning: lock-order: thread-2 takes left"), std::string::npos) << text;
}

TEST(SurfaceWarnings, AndTheDeadlockIsFoundToo) {
  EXPECT_EQ(verdict_of("inversion").violation.value().rule, "deadlock");
}

TEST(SurfaceWarnings, OfWhatIsWrong) {
  const std::pair<const char*, const char*> expected[] = {{"three-in-a-ring", "lock-order"},
                                                          {"writer-among-readers", "lock-order"},
                                                          {"stranger", "unlock-by-stranger"},
                                                          {"twice", "unlock-by-stranger"},
                                                          {"ends", "locked-at-exit"}};
  for (const auto& [variant, rule] : expected) {
    Options options = few();
    options.executions = 1;
    const reports::Verdict verdict = test::run("warnings", variant, options);
    EXPECT_EQ(verdict.outcome, "pass") << test::text_of(verdict);
    ASSERT_EQ(verdict.warnings.size(), 1u) << variant;
    EXPECT_EQ(verdict.warnings.front().rule, rule);
  }
}

TEST(SurfaceWarnings, OnceForTheSamePlaces) {
  EXPECT_EQ(verdict_of("stranger").warnings.size(), 1u);
  EXPECT_EQ(verdict_of("stranger").warnings.front().message,
            "thread-1 unlocks left, which main has locked");
  EXPECT_EQ(verdict_of("twice").warnings.front().message,
            "main unlocks left, which nobody has locked");
  EXPECT_EQ(verdict_of("ends").warnings.front().message, "a task ends while thread-1 holds left");
}

TEST(SurfaceWarnings, EveryVariantComesOutAsItSays) {
  for (const Variant& variant : test::program("warnings").variants) {
    const reports::Verdict verdict = verdict_of(variant.name);
    const bool deadlocks = variant.expected == "pass" && !verdict.warnings.empty();
    if (!deadlocks) EXPECT_TRUE(verdict.as_expected) << test::text_of(verdict);
    if (variant.name.starts_with("fine-"))
      EXPECT_TRUE(verdict.warnings.empty())
          << variant.name << ": " << verdict.warnings.front().message;
  }
}

TEST(SurfaceWarnings, WhoDestroyedItIsSaid) {
  const reports::Verdict late = verdict_of("destroyed-mutex");
  ASSERT_TRUE(late.violation);
  EXPECT_EQ(late.violation->message, "thread-1 uses made after main has destroyed it");
  ASSERT_EQ(late.violation->accesses.size(), 2u);
  EXPECT_EQ(late.violation->accesses[0].what, "destroys made");
  EXPECT_NE(verdict_of("destroyed-while-held").violation->message.find("while it holds it"),
            std::string::npos);
  EXPECT_NE(
      verdict_of("destroyed-while-awaited").violation->message.find("while thread-1 waits on it"),
      std::string::npos);
}

}  // namespace
}  // namespace harness
