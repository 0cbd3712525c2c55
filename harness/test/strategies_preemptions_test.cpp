// preemptions: bound after bound, in all exactly what dfs with the last bound executes, each once.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/strategies/make.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;
using Texts = std::vector<std::string>;

std::unique_ptr<Strategy> preemptions(int bound = -1) {
  return make_strategy("preemptions", {.preemptions = bound});
}

Texts explored(const Program& program, int bound = -1) {
  const auto strategy = preemptions(bound);
  Texts texts = all_runs(program, *strategy);
  EXPECT_TRUE(strategy->exhausted());
  EXPECT_EQ(strategy->diverged(), "");
  return texts;
}

Texts by_dfs(const Program& program, int bound = -1) {
  const auto strategy = make_strategy("dfs", {.preemptions = bound});
  return all_runs(program, *strategy);
}

Program tasks_of_steps(std::vector<int> steps) {
  Program program;
  for (const int count : steps)
    program.tasks.push_back(Task(static_cast<std::size_t>(count), step()));
  return program;
}

Texts sorted(Texts texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::vector<Program> all_sorts() {
  return {tasks_of_steps({2, 2, 2}),
          tasks_of_steps({1, 4, 2}),
          tasks_of_steps({5}),
          tasks_of_steps({1, 1, 1, 1}),
          Program{{{}}},
          {{{lock(1), step(), unlock(1), step()}, {step(), lock(1), unlock(1)}, {yield(), step()}}},
          {{{lock(1), lock(2), unlock(2), unlock(1)}, {lock(2), lock(1), unlock(1), unlock(2)}}},
          {{{choice(3), step()}, {step(), choice(2)}}},
          {{{step(), outcome(3), step()}, {choice(2), outcome(2)}, {step()}}},
          {{{yield(), yield(), step()}, {step(), yield(), step()}}},
          {{{step(), choice(2), lock(1), yield(), unlock(1)}, {lock(1), unlock(1), step()}}},
          {{{spawn(1), step(), spawn(2), join(1), join(2)}, {step(), step()}, {step()}}}};
}

// As an engine drives it: what is left is told to a new strategy after each `every` executions.
Texts with_new_workers(const Program& program, int bound, std::size_t every) {
  Runner runner(program);
  Texts texts;
  std::vector<Choice> path;
  std::uint64_t memory = 0;
  for (bool done = false; !done && texts.size() < 100'000;) {
    const auto strategy = preemptions(bound);
    if (!texts.empty()) {
      strategy->recall(memory);
      strategy->resume(texts.size(), path);
    }
    for (std::size_t i = 0; i < every;) {
      auto run = runner.run(*strategy, texts.size());
      done = !run;
      if (done) break;
      if (run->abandoned) continue;
      ++i;
      texts.push_back(run->text);
      path = run->choices;
      memory = strategy->memory();
    }
    EXPECT_EQ(strategy->exhausted(), done);
    EXPECT_EQ(strategy->diverged(), "");
  }
  return texts;
}

TEST(Preemptions, FirstNoneThenOneThenTwo) {
  EXPECT_EQ(explored(tasks_of_steps({2, 2})),
            (Texts{"aabb", "bbaa", "abba", "baab", "abab", "baba"}));
}

TEST(Preemptions, EachBoundIsExactlyWhatDfsExecutesWithIt) {
  for (const Program& program : all_sorts())
    for (int bound = 0; bound <= 7; ++bound)
      EXPECT_EQ(sorted(explored(program, bound)), sorted(by_dfs(program, bound))) << bound;
}

TEST(Preemptions, WithoutABoundItEndsWhenNothingIsCutOff) {
  for (const Program& program : all_sorts())
    EXPECT_EQ(sorted(explored(program)), sorted(by_dfs(program)));
  EXPECT_EQ(explored(tasks_of_steps({3, 3, 2})).size(), 560u);
  EXPECT_EQ(explored(tasks_of_steps({4, 4}), 1'000'000).size(), 70u);
}

// The bounds partition the tree: what comes in the n-th is what dfs gains from n - 1 to n.
TEST(Preemptions, TheBoundsComeOneAfterTheOther) {
  for (const Program& program : all_sorts()) {
    const Texts found = explored(program);
    std::size_t at = 0;
    for (int bound = 0; at < found.size(); ++bound) {
      const std::size_t end = by_dfs(program, bound).size();
      EXPECT_EQ(sorted(Texts(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(end))),
                sorted(by_dfs(program, bound)));
      at = end;
    }
  }
}

// Plain steps of two tasks of n: with at most one preemption 2 + 2 (n - 1) of them, by counting
// where it is; and 2 n choose n in all.
TEST(Preemptions, CountsAreTheTextbooks) {
  EXPECT_EQ(explored(tasks_of_steps({6, 6}), 0).size(), 2u);
  EXPECT_EQ(explored(tasks_of_steps({6, 6}), 1).size(), 12u);
  EXPECT_EQ(explored(tasks_of_steps({6, 6})).size(), 924u);
}

TEST(Preemptions, NothingIsExhaustedInBetween) {
  const auto strategy = preemptions();
  const Program program = tasks_of_steps({2, 2});
  Runner runner(program);
  std::uint64_t counted = 0;
  while (auto run = runner.run(*strategy, counted)) {
    EXPECT_FALSE(strategy->exhausted());
    if (!run->abandoned) ++counted;
  }
  EXPECT_EQ(counted, 6u);
  EXPECT_TRUE(strategy->exhausted());
  EXPECT_FALSE(strategy->begin(6));
  EXPECT_TRUE(strategy->exhausted());
}

TEST(Preemptions, ExecutionsThatAreCutOffCountAsPrefixes) {
  const Program program = tasks_of_steps({3, 3});
  const auto strategy = preemptions();
  Runner runner(program);
  Texts texts;
  while (auto run = runner.run(*strategy, texts.size(), 2))
    if (!run->abandoned) texts.push_back(run->text);
  EXPECT_EQ(texts, (Texts{"aa", "bb", "ab", "ba"}));
  EXPECT_TRUE(strategy->exhausted());
}

// Repetitions are allowed then, gaps are not; the order is kept.
TEST(Preemptions, GoesOnInANewWorker) {
  for (const Program& program : all_sorts()) {
    if (program.tasks.front().empty()) continue;  // there is no path to tell a new worker
    for (const std::size_t every : {1u, 2u, 7u, 40u}) {
      const Texts found = with_new_workers(program, -1, every);
      const Texts all = by_dfs(program);
      EXPECT_EQ(std::set<std::string>(found.begin(), found.end()),
                std::set<std::string>(all.begin(), all.end()))
          << every;
    }
  }
}

TEST(Preemptions, ANewWorkerKeepsTheLastBound) {
  const Program program = tasks_of_steps({3, 3});
  const Texts found = with_new_workers(program, 2, 3), all = by_dfs(program, 2);
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()),
            std::set<std::string>(all.begin(), all.end()));
}

// Its own rest of the bound is not repeated, and what comes after the next bound neither.
TEST(Preemptions, ALostWorkerCostsAtMostTheBoundsBefore) {
  const Program program = tasks_of_steps({4, 4});
  const Texts all = explored(program);
  for (std::size_t k = 1; k <= all.size(); ++k) {
    const auto first = preemptions();
    Runner runner(program);
    Texts texts;
    std::vector<Choice> path;
    while (texts.size() < k) {
      auto run = runner.run(*first, texts.size());
      if (run->abandoned) continue;
      texts.push_back(run->text);
      path = run->choices;
    }
    const auto second = preemptions();
    second->recall(first->memory());
    second->resume(k, path);
    const Texts rest = all_runs(program, *second);
    EXPECT_LE(texts.size() + rest.size(), 3 * all.size());
    texts.insert(texts.end(), rest.begin(), rest.end());
    EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), all.size()) << k;
    EXPECT_TRUE(second->exhausted());
  }
}

TEST(Preemptions, WithoutTheBoundANewWorkerSaysThatItCannotGoOn) {
  const auto strategy = preemptions();
  const std::vector<Choice> path{{0, 0}, {1, 0}};
  strategy->resume(1, path);
  EXPECT_FALSE(strategy->begin(1));
  EXPECT_FALSE(strategy->exhausted());
  EXPECT_EQ(strategy->diverged(),
            "the bound of the lost execution is not known, and so not what is left to explore");
  const auto fresh = preemptions();
  fresh->resume(0, {});
  EXPECT_EQ(all_runs(tasks_of_steps({2, 2}), *fresh).size(), 6u);
}

TEST(Preemptions, AProgramThatNeverDoesTheSameComesToAnEnd) {
  const auto strategy = preemptions();
  std::uint64_t execution = 0;
  for (; execution < 100'000; ++execution) {
    const int shape = static_cast<int>(execution * 2654435761u >> 7 & 3);
    const Program program = tasks_of_steps({1 + shape, 3 - shape / 2, 1 + (shape & 1)});
    if (!Runner(program).run(*strategy, execution)) break;
  }
  EXPECT_LT(execution, 100'000u);
  EXPECT_FALSE(strategy->exhausted());
  EXPECT_NE(strategy->diverged(), "");
}

// Shorter only where the second bound turns off.
TEST(Preemptions, TellsOfAProgramThatEndsBeforeWhereItTurnsOff) {
  const auto strategy = preemptions();
  const Program before = tasks_of_steps({3, 3}), after = tasks_of_steps({1, 1});
  ASSERT_TRUE(Runner(before).run(*strategy, 0));
  ASSERT_TRUE(Runner(before).run(*strategy, 1));
  ASSERT_TRUE(Runner(after).run(*strategy, 2));
  std::uint64_t execution = 3;
  while (execution < 1000 && Runner(after).run(*strategy, execution)) ++execution;
  EXPECT_LT(execution, 1000u);
  EXPECT_NE(strategy->diverged(), "");
  EXPECT_FALSE(strategy->exhausted());
}

}  // namespace
}  // namespace harness
