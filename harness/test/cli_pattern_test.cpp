// Patterns that choose scenarios, by GoogleTest's rules, over names that contain '-'.
#include <gtest/gtest.h>

#include "harness/cli/pattern.hpp"
#include "harness/engine/errors.hpp"

namespace harness::cli {
namespace {

using Names = std::vector<std::string>;

const Names& names() {
  static const Names all{"close-vs-use", "double-release", "free-vs-alloc", "poll-vs-free",
                         "reuse-vs-use"};
  return all;
}

std::string refusal(std::string_view pattern) {
  try {
    choose(pattern, names(), "scenario");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(CliPattern, WildcardsAlternativesAndWhatToLeaveOut) {
  EXPECT_EQ(choose("free-vs-alloc", names(), "scenario"), Names{"free-vs-alloc"});
  EXPECT_EQ(choose("*", names(), "scenario"), names());
  EXPECT_EQ(choose("*-vs-use", names(), "scenario"), (Names{"close-vs-use", "reuse-vs-use"}));
  EXPECT_EQ(choose("?oll*:double-release", names(), "scenario"),
            (Names{"double-release", "poll-vs-free"}));
  EXPECT_EQ(choose("*:-*-vs-*", names(), "scenario"), Names{"double-release"});
  EXPECT_EQ(choose("-*-vs-*", names(), "scenario"), Names{"double-release"});
  EXPECT_EQ(choose("*use:*free:-close*:poll*", names(), "scenario"), Names{"reuse-vs-use"});
}

TEST(CliPattern, ADashInTheMiddleLeavesOutWhereBothHalvesNameSomething) {
  EXPECT_EQ(choose("*-double-release", names(), "scenario").size(), 4u);
  EXPECT_EQ(choose("*-double-release:free*", names(), "scenario"),
            (Names{"close-vs-use", "poll-vs-free", "reuse-vs-use"}));
  EXPECT_EQ(choose("*-vs-*-poll-vs-free", names(), "scenario"),
            (Names{"close-vs-use", "free-vs-alloc", "reuse-vs-use"}));
}

TEST(CliPattern, NamesThatAreNotThere) {
  EXPECT_EQ(refusal("fre-vs-alloc").substr(0, 62),
            "unknown scenario 'fre-vs-alloc'; did you mean 'free-vs-alloc'?");
  EXPECT_NE(refusal("*:-double-relase"), "accepted");
  EXPECT_EQ(
      refusal("free-vs-alloc/claimed"),
      "'free-vs-alloc/claimed' is no scenario: write --scenario free-vs-alloc --variant claimed");
  EXPECT_EQ(refusal("zz*").substr(0, 48), "no scenario matches 'zz*'; there are: close-vs-u");
  EXPECT_NE(refusal("*:-*"), "accepted");
  EXPECT_NE(refusal(":"), "accepted");
  EXPECT_NE(refusal(""), "accepted");
}

TEST(CliPattern, GlobsThatTryHard) {
  EXPECT_TRUE(glob_matches("*a*b*c", "xxaxxbxxbxxc"));
  EXPECT_TRUE(glob_matches("**", ""));
  EXPECT_TRUE(glob_matches("a*", "a"));
  EXPECT_FALSE(glob_matches("?", ""));
  EXPECT_FALSE(glob_matches("a", "ab"));
  EXPECT_FALSE(glob_matches("", "a"));
  // Quadratic at worst, never exponential.
  const std::string name(2000, 'a');
  std::string glob;
  for (int i = 0; i < 50; ++i) glob += "a*";
  EXPECT_FALSE(glob_matches(glob + "b", name));
}

}  // namespace
}  // namespace harness::cli
