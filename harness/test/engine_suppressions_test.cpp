// Data races that are not reported, by name.
#include "harness/explore/suppressions.hpp"

#include "harness/engine/errors.hpp"
#include "harness/test/programs.hpp"

namespace harness {
namespace {

reports::Verdict counter(std::string_view suppressions) {
  Options options;
  options.strategy = "random";
  options.executions = 200;
  options.suppressions = suppressions;
  return test::run("races", "counter", options);
}

std::string refusal(std::string_view text) {
  try {
    use_suppressions(text);
    return "accepted";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(EngineSuppressions, ARaceThatIsNamedIsNotReported) {
  EXPECT_TRUE(counter("").violation);
  EXPECT_TRUE(counter("race:somewhere_else\n").violation);
  EXPECT_FALSE(counter("# known\nrace:counter\n").violation) << "a function";
  EXPECT_FALSE(counter("race:programs/races.cpp\n").violation) << "a file";
  EXPECT_FALSE(counter("race:^races*so$").violation) << "the object";
  EXPECT_TRUE(counter("race:^aces\nrace:race$").violation) << "the ends are meant";
}

TEST(EngineSuppressions, TheTopIsTheInnermostFrame) {
  EXPECT_FALSE(counter("race_top:counter").violation);
  EXPECT_TRUE(counter("race_top:^play$").violation);
}

TEST(EngineSuppressions, LinesThatAreNoneAreRefusedWithTheirNumber) {
  EXPECT_EQ(refusal("race:a\n\n  # remark\nthread:b\nmutex:c\n"), "accepted");
  EXPECT_EQ(refusal("race:a\nrase:b\n"),
            "suppressions, line 2: 'rase:b' is no suppression; expected a line such as race:function_name");
  EXPECT_NE(refusal("race:"), "accepted");
  EXPECT_NE(refusal("race"), "accepted");
  use_suppressions("");
}

}  // namespace
}  // namespace harness
