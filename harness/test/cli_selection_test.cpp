// Which variants of which scenarios a run is about, and the lines of --list.
#include <gtest/gtest.h>

#include "harness/cli/selection.hpp"
#include "harness/engine/errors.hpp"

namespace harness::cli {
namespace {

std::vector<Scenario> scenarios() {
  Scenario poll;
  poll.name = "poll";
  poll.variants = {{"fix", "leak"}, {"claimed", "pass"}};
  Scenario calm;
  calm.name = "calm";
  calm.variants = {{"right", "pass"}};
  return {poll, calm};
}

TEST(CliSelection, SortedLinesOfWhatIsChosen) {
  const auto all = scenarios();
  EXPECT_EQ(listing(select(all, "*", "*")), "calm/right\npoll/claimed\npoll/fix\n");
  EXPECT_EQ(listing(select(all, "poll", "f*")), "poll/fix\n");
}

TEST(CliSelection, AScenarioWithoutSuchAVariantIsLeftOut) {
  const auto all = scenarios();
  const auto selected = select(all, "*", "claimed");
  ASSERT_EQ(selected.size(), 1u);
  EXPECT_EQ(selected[0].scenario->name, "poll");
  ASSERT_EQ(selected[0].variants.size(), 1u);
  EXPECT_EQ(selected[0].variants[0]->name, "claimed");
}

TEST(CliSelection, VariantsOfOtherScenariosAreUnknown) {
  const auto all = scenarios();
  EXPECT_THROW(select(all, "calm", "claimed"), UsageError);
  EXPECT_THROW(select(all, "clam", "*"), UsageError);
  EXPECT_THROW(select({}, "*", "*"), UsageError);
}

}  // namespace
}  // namespace harness::cli
