// feedback: places in the code, not tasks, so that many tasks that do the same are no harder than one.
#include <gtest/gtest.h>

#include <set>

#include "harness/strategies/make.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;

// `setters` tasks write one variable, then another; the last task reads both.
Program reorder(std::size_t setters) {
  Program program;
  for (std::size_t i = 0; i < setters; ++i) program.tasks.push_back({store(1), store(2)});
  program.tasks.push_back({load(1), load(2)});
  return program;
}

// The reader saw the first write of somebody, and nobody's second.
bool saw_half(const std::string& text, char reader) {
  const std::size_t first = text.find(reader), second = text.find(reader, first + 1);
  if (first == 0) return false;
  std::set<char> once;
  for (std::size_t i = 0; i < second; ++i)
    if (i != first && !once.insert(text[i]).second) return false;
  return true;
}

// Executions until it was seen; 0: not within `most`.
std::uint64_t executions_to(const Program& program, std::string_view name, std::uint64_t seed,
                            std::uint64_t most) {
  const auto strategy = make_strategy(name, {.seed = seed});
  Runner runner(program);
  const char reader = static_cast<char>('a' + program.tasks.size() - 1);
  for (std::uint64_t i = 0; i < most; ++i)
    if (saw_half(runner.run(*strategy, i)->text, reader)) return i + 1;
  return 0;
}

TEST(Feedback, FindsWhatNeedsEveryOneOfManyTasksToWait) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::uint64_t executions = executions_to(reorder(20), "feedback", seed, 100);
    EXPECT_NE(executions, 0u) << seed;
  }
}

TEST(Feedback, InAFractionOfTheExecutionsThatARandomWalkNeeds) {
  std::uint64_t with = 0, without = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    with += executions_to(reorder(20), "feedback", seed, 10'000);
    without += executions_to(reorder(20), "random", seed, 10'000);
  }
  EXPECT_LT(4 * with, without);
}

std::vector<std::string> runs(const Program& program, std::uint64_t seed, std::uint64_t count) {
  const auto strategy = make_strategy("feedback", {.seed = seed});
  Runner runner(program);
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto run = runner.run(*strategy, i);
    EXPECT_FALSE(run->stuck);
    texts.push_back(run->text);
  }
  return texts;
}

TEST(Feedback, TheSameSeedExecutesTheSame) {
  EXPECT_EQ(runs(reorder(3), 4, 500), runs(reorder(3), 4, 500));
  EXPECT_NE(runs(reorder(3), 4, 500), runs(reorder(3), 5, 500));
}

TEST(Feedback, ReachesEveryInterleavingOfASmallProgram) {
  const Program program{{{store(1), store(1)}, {store(1), load(1)}}};
  const auto texts = runs(program, 1, 2000);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 6u);
}

int switches(const std::string& text) {
  int count = 0;
  for (std::size_t i = 1; i < text.size(); ++i) count += text[i] != text[i - 1] ? 1 : 0;
  return count;
}

// Else a task that looks ten times at what another one does ten times would see it never or always.
TEST(Feedback, TasksInLoopsTakeTurnsFromTheFirstExecutionOn) {
  Task loop, once;
  for (int i = 0; i < 10; ++i) {
    loop.insert(loop.end(), {load(1), store(1)});
    once.insert(once.end(), {load(1 + i), store(1 + i)});
  }
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_GT(switches(runs({{loop, loop}}, seed, 1).front()), 3) << seed;
    EXPECT_LT(switches(runs({{once, once}}, seed, 1).front()), 30) << seed;
  }
}

TEST(Feedback, WithoutAnyConflictItGoesOnAtRandom) {
  const auto texts = runs(Program{{Task(3, step()), Task(3, step())}}, 1, 500);
  EXPECT_GT(std::set<std::string>(texts.begin(), texts.end()).size(), 10u);
}

TEST(Feedback, NobodyWaitsForEver) {
  Task polls{store(1)};
  for (int i = 0; i < 50; ++i) polls.insert(polls.end(), {load(2), yield()});
  const Program program{{{lock(1), store(1), store(2), unlock(1)}, polls, {lock(1), load(1), unlock(1)}}};
  for (const std::string& text : runs(program, 7, 500)) EXPECT_EQ(text.size(), 4u + 101 + 3);
}

TEST(Feedback, ANewWorkerLearnsAnew) {
  const auto strategy = make_strategy("feedback", {});
  strategy->resume(1000, {});
  const Program program = reorder(4);
  Runner runner(program);
  std::set<std::string> texts;
  for (std::uint64_t i = 1000; i < 1200; ++i) texts.insert(runner.run(*strategy, i)->text);
  EXPECT_GT(texts.size(), 50u);
  EXPECT_FALSE(strategy->exhausted());
}

}  // namespace
}  // namespace harness
