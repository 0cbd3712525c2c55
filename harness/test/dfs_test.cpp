// dfs: exact numbers of interleavings, bounds, going on in a new worker, programs that change under
// it.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/strategies/make.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;
using Texts = std::vector<std::string>;

std::unique_ptr<Strategy> dfs(int preemptions = -1) {
  return make_strategy("dfs", {.preemptions = preemptions});
}

Texts explored(const Program& program, int preemptions = -1) {
  const auto strategy = dfs(preemptions);
  Texts texts = all_runs(program, *strategy);
  EXPECT_TRUE(strategy->exhausted());
  EXPECT_EQ(strategy->diverged(), "");
  return texts;
}

Program tasks_of_steps(std::vector<int> steps) {
  Program program;
  for (const int count : steps)
    program.tasks.push_back(Task(static_cast<std::size_t>(count), step()));
  return program;
}

// By definition: switches away from a task that has steps left. Programs of plain steps only.
int preemptions_of(const std::string& text) {
  int count = 0;
  for (std::size_t i = 1; i < text.size(); ++i)
    if (text[i] != text[i - 1] && text.find(text[i - 1], i) != std::string::npos) ++count;
  return count;
}

TEST(Dfs, ListsEveryInterleavingOfTwoTasksOfTwoSteps) {
  EXPECT_EQ(explored(tasks_of_steps({2, 2})),
            (Texts{"aabb", "abba", "abab", "bbaa", "baab", "baba"}));
}

TEST(Dfs, CountsAreTheTextbooks) {
  EXPECT_EQ(explored(tasks_of_steps({2, 2, 2})).size(), 90u);
  EXPECT_EQ(explored(tasks_of_steps({3, 3})).size(), 20u);
  EXPECT_EQ(explored(tasks_of_steps({4, 4})).size(), 70u);
  EXPECT_EQ(explored(tasks_of_steps({1, 2, 3})).size(), 60u);
  EXPECT_EQ(explored(tasks_of_steps({5})).size(), 1u);
  EXPECT_EQ(explored(tasks_of_steps({1, 1, 1, 1, 1, 1})).size(), 720u);
}

TEST(Dfs, NeverRepeatsAnInterleaving) {
  const Texts texts = explored(tasks_of_steps({3, 3, 2}));
  EXPECT_EQ(texts.size(), 560u);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), texts.size());
}

TEST(Dfs, BeginsWithoutPreemption) {
  for (const auto& program : {tasks_of_steps({2, 2}), tasks_of_steps({3, 2, 4})})
    EXPECT_EQ(preemptions_of(explored(program).front()), 0);
}

TEST(Dfs, BoundsAreTheTextbooks) {
  const Program two = tasks_of_steps({2, 2});
  EXPECT_EQ(explored(two, 0), (Texts{"aabb", "bbaa"}));
  EXPECT_EQ(explored(two, 1), (Texts{"aabb", "abba", "bbaa", "baab"}));
  EXPECT_EQ(explored(two, 2).size(), 6u);
  EXPECT_EQ(explored(two, 1000).size(), 6u);
  EXPECT_EQ(explored(tasks_of_steps({2, 2, 2}), 0).size(), 6u);
}

TEST(Dfs, ABoundKeepsExactlyTheInterleavingsWithinIt) {
  for (const auto& steps : {std::vector<int>{2, 2, 2}, {3, 4}, {1, 3, 3}}) {
    const Program program = tasks_of_steps(steps);
    const Texts all = explored(program);
    for (int bound = 0; bound <= 6; ++bound) {
      std::set<std::string> wanted;
      for (const std::string& text : all)
        if (preemptions_of(text) <= bound) wanted.insert(text);
      const Texts found = explored(program, bound);
      EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), wanted) << bound;
      EXPECT_EQ(found.size(), wanted.size()) << bound;
    }
  }
}

TEST(Dfs, ALockLeavesOnlyTheOrdersItAllows) {
  const Program program{{{lock(1), step(), unlock(1)}, {lock(1), step(), unlock(1)}}};
  EXPECT_EQ(explored(program), (Texts{"aaabbb", "bbbaaa"}));
  // To go to the other task where this one blocks is no preemption.
  EXPECT_EQ(explored(program, 0), (Texts{"aaabbb", "bbbaaa"}));
}

TEST(Dfs, FindsTheDeadlockOfTwoLocksOnlyWithAPreemption) {
  const Program program{
      {{lock(1), lock(2), unlock(2), unlock(1)}, {lock(2), lock(1), unlock(1), unlock(2)}}};
  const auto has_deadlock = [&](int bound) {
    const auto strategy = dfs(bound);
    Runner runner(program);
    bool found = false;
    for (std::uint64_t i = 0; auto run = runner.run(*strategy, i); ++i) found |= run->stuck;
    EXPECT_TRUE(strategy->exhausted());
    return found;
  };
  EXPECT_FALSE(has_deadlock(0));
  EXPECT_TRUE(has_deadlock(1));
  EXPECT_TRUE(has_deadlock(-1));
}

TEST(Dfs, AlternativesAreBranchesAndNoPreemptions) {
  const Program alone{{{step(), choice(3), choice(2)}}};
  EXPECT_EQ(explored(alone), (Texts{"aaa", "aaa1", "aa1a", "aa1a1", "aa2a", "aa2a1"}));
  EXPECT_EQ(explored(alone, 0).size(), 6u);
  const Program two{{{choice(2)}, {choice(2)}}};
  EXPECT_EQ(explored(two).size(), 8u);
  const Program bounded{{{step(), choice(2)}, {step()}}};
  EXPECT_EQ(explored(bounded, 0), (Texts{"aab", "aa1b", "baa", "baa1"}));
}

TEST(Dfs, ToLeaveATaskThatYieldedCostsNothingAndComesFirst) {
  const Program program{{{yield(), step()}, {step()}}};
  EXPECT_EQ(explored(program, 0), (Texts{"aba", "aab", "baa"}));
  // A step later it is a preemption again.
  const Program later{{{yield(), step(), step()}, {step()}}};
  EXPECT_EQ(explored(later, 0), (Texts{"abaa", "aaab", "baaa"}));
}

TEST(Dfs, SpawnedTasksJoinTheSearch) {
  const Program program{{{spawn(1), spawn(2), join(1), join(2)}, {step()}, {step()}}};
  EXPECT_EQ(explored(program), (Texts{"aabaca", "aabcaa", "aacbaa", "abaaca", "abacaa"}));
}

TEST(Dfs, SaysNothingIsLeftAgainAndAgain) {
  const auto strategy = dfs();
  all_runs(tasks_of_steps({1}), *strategy);
  EXPECT_TRUE(strategy->exhausted());
  EXPECT_FALSE(strategy->begin(1));
  EXPECT_FALSE(strategy->begin(2));
  EXPECT_TRUE(strategy->exhausted());
}

TEST(Dfs, IsNotExhaustedBeforeItIs) {
  const Program program = tasks_of_steps({2, 2});
  const auto strategy = dfs();
  Runner runner(program);
  for (std::uint64_t i = 0; i < 6; ++i) {
    ASSERT_TRUE(runner.run(*strategy, i));
    EXPECT_FALSE(strategy->exhausted());
  }
  EXPECT_FALSE(runner.run(*strategy, 6));
  EXPECT_TRUE(strategy->exhausted());
}

TEST(Dfs, AProgramWithoutAnyStepIsOneExecution) { EXPECT_EQ(explored(Program{{{}}}), (Texts{""})); }

// Executions that were cut off at the same step each time, as a limit does.
TEST(Dfs, ExecutionsThatAreCutOffCountAsPrefixes) {
  const Program program = tasks_of_steps({3, 3});
  const auto strategy = dfs();
  Runner runner(program);
  Texts texts;
  while (auto run = runner.run(*strategy, texts.size(), 2)) texts.push_back(run->text);
  EXPECT_EQ(texts, (Texts{"aa", "ab", "bb", "ba"}));
  EXPECT_TRUE(strategy->exhausted());
}

struct Resumable {
  const char* name;
  Program program;
};

std::vector<Resumable> resumable_programs() {
  return {
      {"steps", tasks_of_steps({2, 2, 2})},
      {"uneven", tasks_of_steps({1, 4, 2})},
      {"locks",
       {{{lock(1), step(), unlock(1), step()}, {step(), lock(1), unlock(1)}, {yield(), step()}}}},
      {"alternatives", {{{choice(3), step()}, {step(), choice(2)}}}},
      {"spawns", {{{spawn(1), step(), spawn(2), join(1), join(2)}, {step(), step()}, {step()}}}},
      {"alone", tasks_of_steps({4})}};
}

std::vector<Played> runs_of(const Program& program, Strategy& strategy, std::uint64_t from,
                            std::uint64_t most, int& abandoned) {
  Runner runner(program);
  std::vector<Played> runs;
  while (runs.size() < most) {
    auto run = runner.run(strategy, from + runs.size());
    if (!run) break;
    abandoned += run->abandoned ? 1 : 0;
    if (!run->abandoned) runs.push_back(std::move(*run));
  }
  return runs;
}

TEST(Dfs, CutOffAnywhereAndResumedItExploresExactlyTheRest) {
  for (const auto& [name, program] : resumable_programs())
    for (const int bound : {-1, 0, 1, 2}) {
      int abandoned = 0;
      const auto whole = dfs(bound);
      const auto all = runs_of(program, *whole, 0, 1'000'000, abandoned);
      ASSERT_EQ(abandoned, 0);
      for (std::size_t k = 1; k <= all.size(); ++k) {
        abandoned = 0;
        const auto worker = dfs(bound);
        worker->resume(k, all[k - 1].choices);
        const auto rest = runs_of(program, *worker, k, 1'000'000, abandoned);
        ASSERT_EQ(rest.size(), all.size() - k) << name << ", bound " << bound << ", after " << k;
        for (std::size_t i = 0; i < rest.size(); ++i) ASSERT_EQ(rest[i].text, all[k + i].text);
        EXPECT_LE(abandoned, 1);
        EXPECT_TRUE(worker->exhausted());
        EXPECT_EQ(worker->diverged(), "");
      }
    }
}

TEST(Dfs, EveryExecutionInAWorkerOfItsOwnIsTheSameSearch) {
  const Program program = tasks_of_steps({2, 3, 1});
  const Texts all = explored(program, 2);
  Texts found;
  std::vector<Choice> path;
  while (true) {
    const auto worker = dfs(2);
    worker->resume(found.size(), path);
    int abandoned = 0;
    const auto runs = runs_of(program, *worker, found.size(), 1, abandoned);
    if (runs.empty()) break;
    found.push_back(runs.front().text);
    path = runs.front().choices;
  }
  EXPECT_EQ(found, all);
}

// A worker that died in the middle of an execution leaves a path that ends with what killed it:
// that step must not be taken again after the same steps before it.
TEST(Dfs, AResumedSearchNeverRepeatsTheLastStepOfTheLostPath) {
  const Program program = tasks_of_steps({3, 2});
  const std::vector<Choice> lost{{0, 0}, {1, 0}, {1, 0}, {0, 0}};  // the last has no other choice
  const auto worker = dfs();
  worker->resume(7, lost);
  int abandoned = 0;
  const auto runs = runs_of(program, *worker, 7, 1'000'000, abandoned);
  EXPECT_EQ(abandoned, 1);
  ASSERT_FALSE(runs.empty());
  for (const Played& run : runs) EXPECT_NE(run.text.substr(0, 4), "abba");
  const Texts all = explored(program);
  const auto first_left = std::find(all.begin(), all.end(), "abbaa") + 1;
  EXPECT_EQ(runs.size(), static_cast<std::size_t>(all.end() - first_left));
}

TEST(Dfs, ResumedFromNothingItSaysThatItCannotGoOn) {
  const auto worker = dfs();
  worker->resume(3, {});
  EXPECT_FALSE(worker->begin(3));
  EXPECT_FALSE(worker->exhausted());
  EXPECT_EQ(worker->diverged(),
            "execution 2 was lost before its first step; what is left to explore is not known");
  const auto fresh = dfs();
  fresh->resume(0, {});
  EXPECT_EQ(all_runs(tasks_of_steps({2, 2}), *fresh).size(), 6u);
}

TEST(Dfs, ResumedOnAnotherProgramItSaysSo) {
  const auto worker = dfs();
  const std::vector<Choice> path{{0, 0}, {2, 0}};
  worker->resume(1, path);
  all_runs(tasks_of_steps({1, 1}), *worker);
  EXPECT_FALSE(worker->exhausted());
  EXPECT_EQ(
      worker->diverged(),
      "the program does not do the same for the same choices: at step 2 of execution 0 there was "
      "task 2 (alternative 0) before; ready now: task 1 (load)");

  const auto shorter = dfs();
  const std::vector<Choice> longer{{0, 0}, {1, 0}, {1, 0}};
  shorter->resume(1, longer);
  all_runs(tasks_of_steps({1, 1}), *shorter);
  EXPECT_FALSE(shorter->exhausted());
  EXPECT_EQ(shorter->diverged(),
            "the program does not do the same for the same choices: execution 0 ended after step "
            "2, where "
            "before it had gone on to step 3 at least");
}

TEST(Dfs, TellsOfAProgramThatChangesUnderIt) {
  const auto strategy = dfs();
  const Program before = tasks_of_steps({2, 2});
  Program after = before;
  after.tasks[0][0] = lock(1);
  ASSERT_TRUE(Runner(before).run(*strategy, 0));
  ASSERT_TRUE(Runner(after).run(*strategy, 1));
  EXPECT_EQ(
      strategy->diverged(),
      "the program does not do the same for the same choices: at step 1 of execution 1 there was a "
      "choice of 2 before, of which task 0 was taken (load); ready now: task 0 (lock), task 1 "
      "(load)");
  // It still comes to an end, and claims nothing.
  std::uint64_t execution = 2;
  Runner runner(after);
  while (execution < 1000 && runner.run(*strategy, execution)) ++execution;
  EXPECT_LT(execution, 20u);
  EXPECT_FALSE(strategy->exhausted());
}

TEST(Dfs, TellsOfAProgramThatEndsEarlierThanBefore) {
  const auto strategy = dfs();
  const Program before = tasks_of_steps({2, 2});
  ASSERT_TRUE(Runner(before).run(*strategy, 0));
  ASSERT_TRUE(Runner(before).run(*strategy, 1, 1));
  EXPECT_TRUE(strategy->begin(2));
  EXPECT_EQ(strategy->diverged(),
            "the program does not do the same for the same choices: execution 1 ended after step "
            "1, where "
            "before it had gone on to step 2 at least");
}

TEST(Dfs, AProgramThatNeverDoesTheSameComesToAnEnd) {
  const auto strategy = dfs();
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

}  // namespace
}  // namespace harness
