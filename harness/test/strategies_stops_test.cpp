// Schedules by progress: what is left out is made up for.
#include <gtest/gtest.h>

#include "harness/strategies/stops.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;

std::vector<std::string> followed(const Program& program, std::vector<Stops> candidates) {
  const auto strategy = follow_stops(std::move(candidates));
  Runner runner(program);
  std::vector<std::string> texts;
  for (std::uint64_t execution = 0; const auto run = runner.run(*strategy, execution); ++execution)
    texts.push_back(run->text);
  return texts;
}

const Program two_of_three{{{step(), step(), step()}, {step(), step(), step()}}};

TEST(Stops, ATaskMakesUpForARunThatIsLeftOut) {
  const Stops all{{{0, 1}, {1, 2}, {0, 3}, {1, 3}}, {}};
  const Stops without_first{{{1, 2}, {0, 3}, {1, 3}}, {}};
  const Stops without_third{{{0, 1}, {1, 2}, {1, 3}}, {}};
  EXPECT_EQ(followed(two_of_three, {all, without_first, without_third}),
            (std::vector<std::string>{"abbaab", "bbaaab", "abbbaa"}));
}

TEST(Stops, RecordedChoicesComeBack) {
  Runner runner(two_of_three);
  const auto strategy = follow_stops({{{{1, 1}, {0, 2}, {1, 2}}, {}}});
  const auto run = runner.run(*strategy, 0);
  ASSERT_TRUE(run);
  const Stops stops = to_stops(run->choices);
  EXPECT_EQ(followed(two_of_three, {stops}), std::vector<std::string>{run->text});
  EXPECT_EQ(to_stops({}), Stops{});
}

TEST(Stops, AStopThatIsReachedAlreadyTakesNoStep) {
  EXPECT_EQ(followed(two_of_three, {{{{0, 2}, {0, 1}, {1, 1}}, {}}}),
            std::vector<std::string>{"aabbba"});
}

TEST(Stops, ATaskThatCannotRunIsPassedOver) {
  const Program program{{{lock(1), step(), unlock(1)}, {lock(1), unlock(1)}}};
  EXPECT_EQ(followed(program, {{{{0, 1}, {1, 2}, {0, 3}}, {}}}), std::vector<std::string>{"aaabb"});
  EXPECT_EQ(followed(program, {{{{7, 1}, {1, Stop::as_far_as_it_can}}, {}}}),
            std::vector<std::string>{"bbaaa"});
}

TEST(Stops, OutcomesBelongToTheStepOfTheirTask) {
  const Program program{{{choice(3), choice(3)}, {step()}}};
  EXPECT_EQ(followed(program, {{{{1, 1}, {0, 2}}, {{{0, 1}, std::uint16_t{2}}}}}),
            std::vector<std::string>{"baa2"});
  EXPECT_EQ(followed(program, {{{}, {{{0, 0}, std::uint16_t{9}}}}}),
            std::vector<std::string>{"aab"})
      << "an outcome that is not on offer gives way to the first one";
}

TEST(Stops, ThereIsOneExecutionForEachCandidate) {
  EXPECT_TRUE(followed(two_of_three, {}).empty());
  EXPECT_EQ(followed(two_of_three, {{}, {}}).size(), 2U);
}

}  // namespace
}  // namespace harness
