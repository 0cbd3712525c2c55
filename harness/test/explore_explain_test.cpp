// Explaining: which switches are essential, which orders make it fail, and one that passes.
#include <algorithm>

#include "harness/test/programs.hpp"

namespace harness {
namespace {

using Verdict = reports::Verdict;

Verdict found(const std::string& variant, std::uint64_t seed = 1) {
  Options options;
  options.strategy = "random";
  options.seed = seed;
  return test::run("explained", variant, options);
}

const reports::Step& step_of(const Verdict& verdict, std::uint32_t number) {
  const auto at = std::find_if(verdict.trace.begin(), verdict.trace.end(),
                               [&](const reports::Step& step) { return step.number == number; });
  if (at == verdict.trace.end()) throw std::runtime_error("no such step");
  return *at;
}

// "first load before second store"
std::string order_text(const Verdict& verdict, const reports::Explanation::Order& order) {
  const reports::Step& first = step_of(verdict, order.first);
  const reports::Step& then = step_of(verdict, order.then);
  return first.task + " " + first.op + " before " + then.task + " " + then.op;
}

std::vector<std::string> orders_of(const Verdict& verdict) {
  std::vector<std::string> orders;
  if (!verdict.explanation || !verdict.explanation->ordered) return {"no explanation"};
  for (const auto& order : verdict.explanation->orders)
    orders.push_back(order_text(verdict, order));
  std::sort(orders.begin(), orders.end());
  return orders;
}

TEST(ExploreExplain, BothReadBeforeEitherWrites) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Verdict verdict = found("lost-update", seed);
    EXPECT_EQ(orders_of(verdict), (std::vector<std::string>{"first load before second store",
                                                            "second load before first store"}));
    EXPECT_GT(verdict.explanation->random, 0U);
    EXPECT_EQ(verdict.explanation->depth_first, 4U) << "two orders of the loads, two of the stores";
    EXPECT_TRUE(verdict.explanation->exhaustive);
  }
}

// A task that came too late marks nothing: where the one looks before the other marks, and the
// other does mark, both are inside.
TEST(ExploreExplain, AnOrderHoldsOnlyWhereBothEventsCome) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const std::vector<std::string> orders = orders_of(found("check-then-act", seed));
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_TRUE(orders.front() == "first load before second store" ||
                orders.front() == "second load before first store")
        << orders.front();
  }
}

TEST(ExploreExplain, TheFirstSwitchIsEssentialAndTheSecondForced) {
  const Verdict verdict = found("check-then-act");
  ASSERT_TRUE(verdict.explanation);
  const auto& switches = verdict.explanation->switches;
  ASSERT_EQ(switches.size(), 2U);
  EXPECT_EQ(switches[0].after, 1U);
  EXPECT_EQ(switches[0].without, "pass");
  EXPECT_EQ(switches[0].held_up, 5U);
  EXPECT_EQ(step_of(verdict, switches[0].held_up).op, "store");
  EXPECT_EQ(switches[1].after, 4U);
  EXPECT_EQ(switches[1].without, "forced") << "it had ended";
  EXPECT_EQ(switches[1].held_up, 0U);
}

TEST(ExploreExplain, APassingExecutionPartsAtTheEssentialSwitch) {
  const Verdict verdict = found("check-then-act");
  ASSERT_TRUE(verdict.explanation && verdict.explanation->passing);
  const reports::Explanation::Passing& passing = *verdict.explanation->passing;
  EXPECT_EQ(passing.parts_at, 2U);
  ASSERT_FALSE(passing.trace.empty());
  EXPECT_EQ(passing.trace.front().number, 2U);
  EXPECT_EQ(passing.trace.front().task, step_of(verdict, 1).task);
  Options options;
  options.schedule = passing.schedule;
  EXPECT_EQ(test::run("explained", "check-then-act", options).outcome, "pass");
}

TEST(ExploreExplain, WhatFailsWhateverTheOrderIsToldSo) {
  const Verdict verdict = found("always");
  ASSERT_TRUE(verdict.explanation);
  EXPECT_TRUE(verdict.explanation->ordered);
  EXPECT_TRUE(verdict.explanation->orders.empty());
  EXPECT_TRUE(verdict.explanation->switches.empty());
  EXPECT_FALSE(verdict.explanation->passing);
}

TEST(ExploreExplain, APassHasNothingToExplain) {
  Options options;
  options.strategy = "random";
  options.executions = 300;
  const Verdict verdict = test::run("explained", "exchange", options);
  EXPECT_EQ(verdict.outcome, "pass");
  EXPECT_FALSE(verdict.explanation);
}

// The orders are more than a guess: one of them alone does not do.
TEST(ExploreExplain, NoOrderCanBeLeftOut) {
  ASSERT_EQ(orders_of(found("lost-update")).size(), 2U);
  for (const char* schedule : {"first*2 second", "second*2 first"}) {
    Options options;
    options.schedule = schedule;
    EXPECT_EQ(test::run("explained", "lost-update", options).outcome, "pass") << schedule;
  }
}

}  // namespace
}  // namespace harness
