// portfolio: what is small is searched to its end, and what is large to the bound, beside sampling.
#include <gtest/gtest.h>

#include <set>

#include "harness/strategies/make.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;

std::unique_ptr<Strategy> portfolio(int preemptions, std::uint64_t seed = 1) {
  return make_strategy("portfolio", {.seed = seed, .preemptions = preemptions});
}

Program tasks_of_steps(std::size_t tasks, int steps) {
  Program program;
  for (std::size_t i = 0; i < tasks; ++i) program.tasks.emplace_back(static_cast<std::size_t>(steps), step());
  return program;
}

std::set<std::string> set_of(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

// Two tasks of three steps: 6! / (3! 3!) = 20. A part of the search has no dpor, which would leave out those
// that differ in nothing; of so small a tree each part is the whole.
TEST(Portfolio, SearchesASmallTreeToItsEnd) {
  const auto strategy = make_strategy("portfolio", {.preemptions = 0, .part = 1, .parts = 1000});
  const auto texts = all_runs(tasks_of_steps(2, 3), *strategy);
  EXPECT_EQ(set_of(texts).size(), 20u);
  EXPECT_LT(texts.size(), 100u);
  EXPECT_TRUE(strategy->exhausted());
  EXPECT_EQ(strategy->bound(), -1) << "the bound is for large trees";
}

TEST(Portfolio, TellsHowLargeTheTreeIs) {
  const auto strategy = portfolio(0);
  EXPECT_EQ(strategy->leaves(), 0);
  all_runs(tasks_of_steps(3, 2), *strategy);
  EXPECT_NEAR(strategy->leaves(), 90, 30);
}

// Three tasks of seven steps: 21! / (7!)^3 = 399 072 960.
TEST(Portfolio, SearchesALargeTreeUpToTheBoundAndSamplesAsMuch) {
  const Program program = tasks_of_steps(3, 7);
  const auto strategy = portfolio(1);
  const auto texts = all_runs(program, *strategy);
  EXPECT_TRUE(strategy->exhausted());
  EXPECT_EQ(strategy->bound(), 1);
  const auto dfs = make_strategy("dfs", {.preemptions = 1});
  const auto bounded = all_runs(program, *dfs);
  const auto found = set_of(texts);
  for (const std::string& text : bounded) EXPECT_TRUE(found.contains(text)) << text;
  EXPECT_GE(texts.size(), 2 * bounded.size());
  EXPECT_GT(found.size(), bounded.size() + 40) << "what was sampled has more preemptions";
}

// What has more preemptions than the bound is only sampled, and the bound of a few tasks is soon done with.
TEST(Portfolio, ABoundThatIsSoonDoneWithIsNotTheEnd) {
  const auto strategy = portfolio(0);
  const auto texts = all_runs(tasks_of_steps(3, 7), *strategy);
  EXPECT_TRUE(strategy->exhausted());
  EXPECT_EQ(strategy->bound(), 0);
  EXPECT_GE(texts.size(), 10'000u);
  EXPECT_GT(set_of(texts).size(), 1'000u);
}

TEST(Portfolio, WithoutABoundALargeTreeIsNeverExhausted) {
  const auto strategy = portfolio(-1);
  EXPECT_EQ(all_runs(tasks_of_steps(3, 7), *strategy, 3000).size(), 3000u);
  EXPECT_FALSE(strategy->exhausted());
  EXPECT_EQ(strategy->bound(), -1);
}

TEST(Portfolio, TheSameSeedExecutesTheSame) {
  const Program program{{{store(1), store(2), load(1)}, {load(2), store(1), store(2)}, {load(1), store(2)}}};
  const auto texts = [&](std::uint64_t seed) {
    const auto strategy = portfolio(2, seed);
    return all_runs(program, *strategy, 1000);
  };
  EXPECT_EQ(texts(1), texts(1));
  EXPECT_NE(texts(1), texts(2));
}

// After a violation nothing can be exhaustive any more.
TEST(Portfolio, ANewWorkerOnlySamples) {
  const auto strategy = portfolio(1);
  const std::vector<Choice> path{{0, 0}, {1, 0}};
  strategy->resume(10, path);
  EXPECT_EQ(all_runs(tasks_of_steps(2, 2), *strategy, 500).size(), 500u);
  EXPECT_FALSE(strategy->exhausted());
}

TEST(Portfolio, FindsWhatNeedsEveryOneOfManyTasksToWait) {
  Program program;
  for (int i = 0; i < 20; ++i) program.tasks.push_back({store(1), store(2)});
  program.tasks.push_back({load(1), load(2)});
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto strategy = portfolio(2, seed);
    for (const std::string& text : all_runs(program, *strategy, 150)) {
      const std::size_t first = text.find('u'), second = text.find('u', first + 1);
      std::set<char> once;
      bool half = first > 0;
      for (std::size_t i = 0; i < second; ++i) half &= i == first || once.insert(text[i]).second;
      if (!half) continue;
      ++found;
      break;
    }
  }
  EXPECT_EQ(found, 10);
}

}  // namespace
}  // namespace harness
