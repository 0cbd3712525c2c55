// delay: exact numbers of executions under each bound.
#include <gtest/gtest.h>

#include <set>

#include "harness/engine/errors.hpp"
#include "harness/strategies/make.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;

Program tasks_of_steps(std::size_t tasks, int steps) {
  Program program;
  for (std::size_t i = 0; i < tasks; ++i) program.tasks.emplace_back(static_cast<std::size_t>(steps), step());
  return program;
}

std::vector<std::string> within(const Program& program, int delays) {
  const auto strategy = make_strategy("delay", {.preemptions = delays});
  return all_runs(program, *strategy);
}

// aabb; abba, bbaa; abab, baab; baba.
TEST(Delay, FewDelaysFirst) {
  EXPECT_EQ(within(tasks_of_steps(2, 2), -1),
            (std::vector<std::string>{"aabb", "abba", "bbaa", "abab", "baab", "baba"}));
  EXPECT_EQ(within(tasks_of_steps(2, 2), 0).size(), 1u);
  EXPECT_EQ(within(tasks_of_steps(2, 2), 1).size(), 3u);
  EXPECT_EQ(within(tasks_of_steps(2, 2), 2).size(), 5u);
  EXPECT_EQ(within(tasks_of_steps(2, 2), 3).size(), 6u);
}

// One delay is spent at one of the steps before which somebody else is ready: all but the last task's.
TEST(Delay, WithOneDelayTheNumberGrowsWithTheStepsOnly) {
  for (const std::size_t tasks : {2u, 3u, 5u, 10u})
    EXPECT_EQ(within(tasks_of_steps(tasks, 3), 1).size(), 1 + 3 * (tasks - 1)) << tasks;
}

TEST(Delay, WithoutABoundItExecutesEachInterleavingOnce) {
  const auto texts = within(tasks_of_steps(3, 2), -1);
  EXPECT_EQ(texts.size(), 90u);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 90u);
}

TEST(Delay, ItIsExhaustiveOnlyWhereNothingWasCutOff) {
  const auto all = make_strategy("delay", {});
  all_runs(tasks_of_steps(2, 2), *all);
  EXPECT_TRUE(all->exhausted());
  const auto some = make_strategy("delay", {.preemptions = 1});
  all_runs(tasks_of_steps(2, 2), *some);
  EXPECT_FALSE(some->exhausted());
}

TEST(Delay, WhoYieldsLetsTheNextOneGoOnForNothing) {
  const Program program{{{yield(), step()}, {step(), step()}}};
  EXPECT_EQ(within(program, 0), std::vector<std::string>{"abba"});
}

TEST(Delay, GoesOnInANewWorker) {
  const Program program = tasks_of_steps(3, 2);
  const auto texts = within(program, -1);
  for (const std::size_t k : {1u, 5u, 40u, 89u}) {
    const auto first = make_strategy("delay", {});
    Runner runner(program);
    std::vector<std::string> found;
    std::vector<Choice> last;
    std::uint64_t memory = 0;
    while (found.size() < k) {
      const auto run = runner.run(*first, found.size());
      if (run->abandoned) continue;
      found.push_back(run->text);
      last = run->choices;
      memory = first->memory();
    }
    const auto second = make_strategy("delay", {});
    second->recall(memory);
    second->resume(k, last);
    while (const auto run = runner.run(*second, found.size()))
      if (!run->abandoned) found.push_back(run->text);
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), 90u) << k;
  }
}

}  // namespace
}  // namespace harness
