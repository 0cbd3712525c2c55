// pos: the probabilities that follow from its definition, event by event.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "harness/strategies/make.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;
constexpr int executions = 24'000;

std::map<std::string, int> found(const Program& program, std::uint64_t seed = 1) {
  const auto strategy = make_strategy("pos", {.seed = seed});
  Runner runner(program);
  std::map<std::string, int> counts;
  for (std::uint64_t i = 0; i < executions; ++i) ++counts[runner.run(*strategy, i)->text];
  return counts;
}

// The observed number of each, within five standard deviations of the expected one, and no others.
void expect_distribution(const Program& program, const std::map<std::string, double>& expected) {
  const auto counts = found(program);
  EXPECT_EQ(counts.size(), expected.size());
  for (const auto& [text, probability] : expected) {
    const double mean = probability * executions;
    const double deviation = std::sqrt(mean * (1 - probability));
    const auto count = counts.find(text);
    ASSERT_NE(count, counts.end()) << text;
    EXPECT_NEAR(count->second, mean, 5 * deviation) << text;
  }
}

// a keeps its priority while b goes on: having lost to b's first event, it is below b's second with
// probability 2/3, as the lowest of the two is the higher of three in one case of three.
TEST(Pos, EventsThatCommuteKeepTheirPriorities) {
  expect_distribution({{{store(1)}, {store(2), store(3)}}},
                      {{"abb", 1 / 2.0}, {"bab", 1 / 6.0}, {"bba", 1 / 3.0}});
  expect_distribution({{{load(1)}, {load(1), load(1)}}},
                      {{"abb", 1 / 2.0}, {"bab", 1 / 6.0}, {"bba", 1 / 3.0}});
}

TEST(Pos, ThoseThatRaceAreDrawnAnew) {
  expect_distribution({{{store(1)}, {store(1), store(1)}}},
                      {{"abb", 1 / 2.0}, {"bab", 1 / 4.0}, {"bba", 1 / 4.0}});
  expect_distribution({{{load(1)}, {store(1), store(1)}}},
                      {{"abb", 1 / 2.0}, {"bab", 1 / 4.0}, {"bba", 1 / 4.0}});
  expect_distribution({{{store(1)}, {load(1), store(2)}}},
                      {{"abb", 1 / 2.0}, {"bab", 1 / 4.0}, {"bba", 1 / 4.0}});
}

// Only the second event of b races with a: by then a's priority is an old one.
TEST(Pos, ARaceThatIsStillToComeChangesNothing) {
  expect_distribution({{{store(1)}, {store(2), store(1)}}},
                      {{"abb", 1 / 2.0}, {"bab", 1 / 6.0}, {"bba", 1 / 3.0}});
}

// The shape for which the paper has it: a write of one task in the midst of n others that commute
// with all else. Uniform choice at each step puts it at the end with 2^-n, pos with 1/(n + 1).
TEST(Pos, AnEventIsAsLikelyLateAsEarly) {
  Program program{{{store(1)}, {}}};
  for (int i = 0; i < 9; ++i) program.tasks[1].push_back(store(2 + i));
  const auto counts = found(program);
  EXPECT_NEAR(counts.at("bbbbbbbbba"), executions / 10.0, 5 * std::sqrt(executions * 0.09));
}

// Of n tasks that race on one variable all orders are equally likely.
TEST(Pos, AllOrdersOfRacingTasks) {
  const auto counts = found({{{store(1)}, {store(1)}, {store(1)}, {store(1)}}});
  ASSERT_EQ(counts.size(), 24u);
  double chi_square = 0;
  for (const auto& [text, count] : counts) chi_square += (count - 1000.0) * (count - 1000.0) / 1000;
  EXPECT_LT(chi_square, 23 + 6 * std::sqrt(46.0));
}

TEST(Pos, AlternativesShareThePriorityOfTheirEvent) {
  expect_distribution({{{choice(3)}, {step()}}}, {{"ab", 1 / 6.0},
                                                  {"a1b", 1 / 6.0},
                                                  {"a2b", 1 / 6.0},
                                                  {"ba", 1 / 6.0},
                                                  {"ba1", 1 / 6.0},
                                                  {"ba2", 1 / 6.0}});
  expect_distribution({{{step(), outcome(2)}, {step()}}},
                      {{"aab", 1 / 4.0}, {"aa1b", 1 / 4.0}, {"baa", 1 / 4.0}, {"baa1", 1 / 4.0}});
}

Ready pending(TaskId task, Op op, std::uintptr_t object) {
  Ready entry;
  entry.task = entry.event.task = task;
  entry.event.op = op;
  entry.event.object = object;
  return entry;
}

// A waiter that was notified is to take its mutex: another event, and a new draw. Task 1 was drawn
// against task 0 and lost; had it kept that, it would be the lower one of three.
TEST(Pos, APendingEventThatBecameAnotherIsDrawnAnew) {
  const auto strategy = make_strategy("pos", {});
  int kept = 0, changed = 0, lost = 0;
  for (std::uint64_t i = 0; i < executions; ++i) {
    for (const bool changes : {false, true}) {
      strategy->begin(i);
      const std::vector<Ready> first{pending(0, Op::store, 8), pending(1, Op::wake, 64)};
      if (strategy->next(first, no_task) != 0) continue;
      const std::vector<Ready> second{pending(0, Op::store, 16), changes
                                                                     ? pending(1, Op::lock, 128)
                                                                     : pending(1, Op::wake, 64)};
      const bool wins = strategy->next(second, 0) == 1;
      lost += changes ? 1 : 0;
      (changes ? changed : kept) += wins ? 1 : 0;
    }
  }
  EXPECT_NEAR(kept, lost / 3.0, 5 * std::sqrt(lost * 2 / 9.0));
  EXPECT_NEAR(changed, lost / 2.0, 5 * std::sqrt(lost / 4.0));
}

TEST(Pos, TheSameSeedExecutesTheSameAndAnyExecutionOnItsOwn) {
  const Program program{{{load(1), store(2), step()}, {store(1), load(2)}, {store(1), step()}}};
  EXPECT_EQ(found(program, 5), found(program, 5));
  EXPECT_NE(found(program, 5), found(program, 6));
  const auto strategy = make_strategy("pos", {.seed = 5});
  Runner runner(program);
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < 100; ++i) texts.push_back(runner.run(*strategy, i)->text);
  const auto fresh = make_strategy("pos", {.seed = 5});
  fresh->resume(99, {});
  EXPECT_EQ(runner.run(*fresh, 99)->text, texts[99]);
  EXPECT_EQ(runner.run(*fresh, 31)->text, texts[31]);
  EXPECT_FALSE(fresh->exhausted());
}

TEST(Pos, CopesWithLocksAndNewTasks) {
  const Program program{{{spawn(1), lock(1), spawn(2), unlock(1), join(1), join(2)},
                         {lock(2), lock(1), unlock(1), unlock(2)},
                         {lock(1), lock(2), unlock(2), unlock(1)}}};
  const auto strategy = make_strategy("pos", {});
  Runner runner(program);
  int stuck = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) stuck += runner.run(*strategy, i)->stuck ? 1 : 0;
  EXPECT_GT(stuck, 30);
  EXPECT_LT(stuck, 2000);
}

}  // namespace
}  // namespace harness
