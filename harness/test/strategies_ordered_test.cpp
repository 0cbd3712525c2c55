// Demanding an order of events of any strategy.
#include <gtest/gtest.h>

#include "harness/strategies/make.hpp"
#include "harness/strategies/ordered.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;

const Program two_of_two{{{step(), step()}, {step(), step()}}};

// The second step of "a" and the first of "b".
const std::vector<Mark> marks{{0, Op::load, 0, 1}, {1, Op::load, 0, 0}};

std::vector<std::string> all(const Program& program, Ordered& strategy) {
  Runner runner(program);
  std::vector<std::string> texts;
  for (std::uint64_t execution = 0;;) {
    const auto run = runner.run(strategy, execution);
    if (!run) return texts;
    if (run->abandoned) continue;
    ++execution;
    texts.push_back(run->text + (strategy.holds_all() ? "+" : "-"));
  }
}

TEST(Ordered, OfAllInterleavingsThoseWithTheOrder) {
  Ordered strategy(make_strategy("dfs", {}), marks, {{0, 1}}, Ordered::Otherwise::abandons);
  EXPECT_EQ(all(two_of_two, strategy), std::vector<std::string>{"aabb+"});
  EXPECT_TRUE(strategy.exhausted());
}

TEST(Ordered, TheOtherWayRoundThereAreFive) {
  Ordered strategy(make_strategy("dfs", {}), marks, {{1, 0}}, Ordered::Otherwise::abandons);
  EXPECT_EQ(all(two_of_two, strategy).size(), 5U);
}

TEST(Ordered, WithoutDemandsItOnlyTellsOfTheOrder) {
  Ordered strategy(make_strategy("dfs", {}), marks, {}, Ordered::Otherwise::abandons);
  Runner runner(two_of_two);
  std::size_t held = 0;
  std::size_t runs = 0;
  for (; runner.run(strategy, runs); ++runs)
    if (strategy.holds({0, 1})) ++held;
  EXPECT_EQ(runs, 6U);
  EXPECT_EQ(held, 1U);
}

TEST(Ordered, AnOrderThatCannotBeIsGivenUpOrLeftOut) {
  const std::vector<Order> circle{{0, 1}, {1, 0}};
  Ordered gives_up(make_strategy("random", {}), marks, circle, Ordered::Otherwise::gives_up);
  Runner runner(two_of_two);
  const auto run = runner.run(gives_up, 0);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->text.size(), 4U);
  EXPECT_FALSE(gives_up.holds_all());
  Ordered abandons(make_strategy("dfs", {}), marks, circle, Ordered::Otherwise::abandons);
  EXPECT_TRUE(all(two_of_two, abandons).empty());
}

TEST(Ordered, AnEventThatNeverComesHoldsNoOrder) {
  const std::vector<Mark> with_missing{{0, Op::load, 0, 0}, {1, Op::store, 0, 0}};
  Ordered strategy(make_strategy("random", {}), with_missing, {{0, 1}},
                   Ordered::Otherwise::gives_up);
  Runner runner(two_of_two);
  ASSERT_TRUE(runner.run(strategy, 0));
  EXPECT_FALSE(strategy.holds_all());
}

}  // namespace
}  // namespace harness
