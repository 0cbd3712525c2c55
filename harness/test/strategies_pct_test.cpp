// pct: the paper's bound on model programs, and nobody starves.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "harness/strategies/make.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;

std::unique_ptr<Strategy> pct(int depth = 0, std::uint64_t seed = 1) {
  return make_strategy("pct", {.seed = seed, .depth = depth});
}

Program tasks_of_steps(std::vector<int> steps) {
  Program program;
  for (const int count : steps)
    program.tasks.push_back(Task(static_cast<std::size_t>(count), step()));
  return program;
}

std::vector<std::string> runs(const Program& program, Strategy& strategy, std::uint64_t count,
                              std::uint64_t from = 0) {
  Runner runner(program);
  std::vector<std::string> texts;
  for (std::uint64_t i = from; i < from + count; ++i)
    texts.push_back(runner.run(strategy, i)->text);
  return texts;
}

// How often `is_bug` among `count` executions; the first, which only measures, left out.
double frequency(const Program& program, int depth,
                 const std::function<bool(std::string_view)>& is_bug,
                 std::uint64_t count = 20'000) {
  const auto strategy = pct(depth);
  std::uint64_t found = 0;
  const auto texts = runs(program, *strategy, count + 1);
  for (std::size_t i = 1; i < texts.size(); ++i) found += is_bug(texts[i]) ? 1 : 0;
  return static_cast<double>(found) / static_cast<double>(count);
}

// Where the n-th step of a task is, from 1.
std::size_t at(std::string_view text, char task, int n) {
  std::size_t place = text.find(task);
  while (--n > 0) place = text.find(task, place + 1);
  return place;
}

int switches(std::string_view text) {
  int count = 0;
  for (std::size_t i = 1; i < text.size(); ++i) count += text[i] != text[i - 1] ? 1 : 0;
  return count;
}

// What is measured is at least what the paper promises, up to five standard deviations.
void expect_at_least(double measured, double promised, std::uint64_t count = 20'000) {
  EXPECT_GE(measured,
            promised - 5 * std::sqrt(promised * (1 - promised) / static_cast<double>(count)));
}

TEST(Pct, DepthOneOnlyOrdersTheTasks) {
  std::map<std::string, int> found;
  const auto strategy = pct(1);
  for (const auto& text : runs(tasks_of_steps({2, 2, 2}), *strategy, 6000)) ++found[text];
  ASSERT_EQ(found.size(), 6u);
  for (const auto& [text, count] : found) {
    EXPECT_EQ(switches(text), 2) << text;
    EXPECT_NEAR(count, 1000, 150) << text;
  }
}

// Two tasks of 20 steps: choice steps are those before one of them ends, at most 39.
TEST(Pct, FindsABugOfDepthTwoAsOftenAsPromised) {
  const auto is_bug = [](std::string_view text) {
    return at(text, 'a', 10) < at(text, 'b', 1) && at(text, 'b', 20) < at(text, 'a', 11);
  };
  expect_at_least(frequency(tasks_of_steps({20, 20}), 2, is_bug), 1 / (2 * 39.0));
  EXPECT_EQ(frequency(tasks_of_steps({20, 20}), 1, is_bug), 0);
}

// 1/(n k^2) with n = 2, k = 7; one switch more than depth two has.
TEST(Pct, FindsABugOfDepthThreeAsOftenAsPromised) {
  const auto is_bug = [](std::string_view text) {
    return at(text, 'a', 2) < at(text, 'b', 1) && at(text, 'b', 2) < at(text, 'a', 3) &&
           at(text, 'a', 3) < at(text, 'b', 3);
  };
  expect_at_least(frequency(tasks_of_steps({4, 4}), 3, is_bug), 1 / (2 * 49.0));
  EXPECT_EQ(frequency(tasks_of_steps({4, 4}), 2, is_bug), 0);
}

// 1/(n k^3) with n = 3, k = 9: a, b and c in a ring, and once more.
TEST(Pct, FindsABugOfDepthFourAmongThreeTasksAsOftenAsPromised) {
  const auto is_bug = [](std::string_view text) {
    return at(text, 'a', 2) < at(text, 'b', 1) && at(text, 'b', 2) < at(text, 'c', 1) &&
           at(text, 'c', 2) < at(text, 'a', 3) && at(text, 'a', 3) < at(text, 'c', 3);
  };
  expect_at_least(frequency(tasks_of_steps({4, 4, 4}), 4, is_bug, 60'000), 1 / (3 * 1000.0),
                  60'000);
}

// Random would need a run of 50 steps of one task in the midst of another one's.
TEST(Pct, FindsWhatNeedsManyStepsOfOneTask) {
  const Program program = tasks_of_steps({100, 100});
  const auto is_bug = [](std::string_view text) {
    return at(text, 'a', 50) < at(text, 'b', 1) && at(text, 'b', 100) < at(text, 'a', 51);
  };
  EXPECT_GT(frequency(program, 2, is_bug, 5000), 0.001);
  const auto random = make_strategy("random", {});
  for (const auto& text : runs(program, *random, 5000)) ASSERT_FALSE(is_bug(text));
}

// Steps at which nobody else is ready do not thin out the change points.
TEST(Pct, OnlyStepsWithAChoiceCount) {
  Program program{{Task(500, step()), {step(), step()}}};
  program.tasks[0].insert(program.tasks[0].begin(), {spawn(1), step()});
  program.tasks[0].insert(program.tasks[0].begin() + 2, {join(1)});
  const auto is_bug = [](std::string_view text) { return text.starts_with("abab"); };
  // Choice steps: those between the spawn and the end of the shorter one, three at most.
  expect_at_least(frequency(program, 2, is_bug), 1 / (2 * 3.0));
}

TEST(Pct, NoExecutionHasMoreChangesThanItsDepthAllows) {
  const Program program = tasks_of_steps({6, 6, 6});
  for (int depth = 1; depth <= 5; ++depth) {
    const auto strategy = pct(depth);
    int most = 0;
    for (const auto& text : runs(program, *strategy, 5000)) most = std::max(most, switches(text));
    // Two by ends of tasks, and one by each change point.
    EXPECT_EQ(most, 2 + depth - 1) << depth;
  }
}

TEST(Pct, WithoutADepthItTakesOneToFiveInTurn) {
  const Program program = tasks_of_steps({6, 6, 6});
  const auto strategy = pct();
  std::vector<int> most(5);
  const auto texts = runs(program, *strategy, 10'000);
  for (std::size_t i = 0; i < texts.size(); ++i)
    most[i % 5] = std::max(most[i % 5], switches(texts[i]));
  EXPECT_EQ(most, (std::vector<int>{2, 3, 4, 5, 6}));
}

TEST(Pct, ADepthBeyondTheProgramIsNoHarm) {
  const auto strategy = pct(100);
  const auto texts = runs(tasks_of_steps({2, 2}), *strategy, 2000);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 6u);
  const auto alone = pct(100);
  EXPECT_EQ(runs(tasks_of_steps({3}), *alone, 3), (std::vector<std::string>(3, "aaa")));
}

// One execution of 400 choice steps among short ones: forgotten after two blocks.
TEST(Pct, ASingleLongExecutionIsForgotten) {
  const auto strategy = pct(2);
  runs(tasks_of_steps({1000, 1000}), *strategy, 1);
  const Program program = tasks_of_steps({2, 2});
  const auto has_preemption = [](const std::string& text) {
    return text == "abba" || text == "baab";
  };
  int early = 0, late = 0;
  for (const auto& text : runs(program, *strategy, 200, 1)) early += has_preemption(text);
  for (const auto& text : runs(program, *strategy, 200, 300)) late += has_preemption(text);
  EXPECT_LT(early, 10);
  EXPECT_GT(late, 50);
}

TEST(Pct, TheSameSeedExecutesTheSame) {
  const Program program = tasks_of_steps({5, 5, 5});
  const auto texts = [&](std::uint64_t seed) {
    const auto strategy = pct(0, seed);
    return runs(program, *strategy, 300);
  };
  EXPECT_EQ(texts(3), texts(3));
  EXPECT_NE(texts(3), texts(4));
}

TEST(Pct, GoesOnInANewWorkerAsIfNothingHadBeen) {
  const Program program = tasks_of_steps({5, 7, 3});
  const auto whole = pct();
  const auto texts = runs(program, *whole, 600);
  for (const std::uint64_t k : {1u, 2u, 127u, 128u, 129u, 300u, 512u}) {
    const auto first = pct();
    runs(program, *first, k);
    const auto second = pct();
    second->recall(first->memory());
    second->resume(k, {});
    EXPECT_EQ(runs(program, *second, 600 - k, k),
              std::vector<std::string>(texts.begin() + static_cast<std::ptrdiff_t>(k), texts.end()))
        << k;
  }
}

TEST(Pct, WithoutWhatWasKnownItBeginsToLookAnew) {
  const Program program = tasks_of_steps({5, 5});
  const auto strategy = pct(3);
  strategy->resume(50, {});
  const auto texts = runs(program, *strategy, 200, 50);
  EXPECT_EQ(switches(texts.front()), 1);
  EXPECT_GT(std::set<std::string>(texts.begin(), texts.end()).size(), 20u);
  EXPECT_FALSE(strategy->exhausted());
}

Ready pending(TaskId task, Op op, std::uint32_t alternative = 0) {
  Ready entry;
  entry.task = entry.event.task = task;
  entry.event.op = op;
  entry.event.alternative = alternative;
  return entry;
}

// A task that waits for the others by yielding or by timing out lets each of them go on.
TEST(Pct, WhoYieldsSleepsOrTimesOutGoesBelowAllOthers) {
  for (const auto& [op, alternative] :
       std::vector<std::pair<Op, std::uint32_t>>{{Op::yield, 0},
                                                 {Op::sleep, 0},
                                                 {Op::wake, 1},
                                                 {Op::lock, 1},
                                                 {Op::join, 1},
                                                 {Op::semaphore_wait, 1},
                                                 {Op::lock_shared, 1}})
    for (std::uint64_t execution = 0; execution < 50; ++execution) {
      const auto strategy = pct();
      strategy->begin(execution);
      const std::vector<Ready> ready{pending(0, op, alternative), pending(1, Op::load),
                                     pending(2, op, alternative)};
      std::string text;
      for (int i = 0; i < 9; ++i)
        text += static_cast<char>('a' + ready[strategy->next(ready, no_task)].task);
      // At most once each, until only the one with ordinary steps goes on.
      EXPECT_EQ(text.substr(2), "bbbbbbb") << text;
    }
}

TEST(Pct, TwoThatYieldTakeTurns) {
  const auto strategy = pct(5);
  for (std::uint64_t execution = 0; execution < 50; ++execution) {
    strategy->begin(execution);
    const std::vector<Ready> ready{pending(0, Op::yield), pending(1, Op::yield),
                                   pending(2, Op::yield)};
    std::vector<std::size_t> order;
    for (int i = 0; i < 9; ++i) order.push_back(strategy->next(ready, no_task));
    EXPECT_EQ(std::set<std::size_t>(order.begin(), order.begin() + 3).size(), 3u);
    for (std::size_t i = 3; i < order.size(); ++i) EXPECT_EQ(order[i], order[i - 3]);
    strategy->end();
  }
}

TEST(Pct, EveryAlternativeHasItsChance) {
  const Program program{{{choice(3), step()}, {step()}}};
  const auto strategy = pct(1);
  std::map<std::string, int> found;
  for (const auto& text : runs(program, *strategy, 6000)) ++found[text];
  ASSERT_EQ(found.size(), 6u);
  for (const auto& [text, count] : found) EXPECT_NEAR(count, 1000, 150) << text;
}

// Programs whose tasks come and go, block and deadlock: every one ends.
TEST(Pct, CopesWithLocksAndNewTasks) {
  const Program program{{{spawn(1), lock(1), spawn(2), unlock(1), join(1), join(2)},
                         {lock(2), lock(1), unlock(1), unlock(2)},
                         {lock(1), lock(2), unlock(2), unlock(1)}}};
  const auto strategy = pct();
  Runner runner(program);
  int stuck = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const auto run = runner.run(*strategy, i);
    stuck += run->stuck ? 1 : 0;
    EXPECT_LE(run->choices.size(), 14u);
  }
  EXPECT_GT(stuck, 30);
  EXPECT_LT(stuck, 2000);
}

}  // namespace
}  // namespace harness
