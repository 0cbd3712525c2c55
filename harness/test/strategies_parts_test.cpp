// Searches that are divided: together the parts are the whole, and none is the whole.
#include <gtest/gtest.h>

#include <map>
#include <set>

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

std::vector<std::string> part(const Program& program, std::string_view name, StrategyOptions options,
                              std::size_t most = 100'000) {
  const auto strategy = make_strategy(name, options);
  Runner runner(program);
  std::vector<std::string> texts;
  while (texts.size() < most) {
    const auto run = runner.run(*strategy, texts.size());
    if (!run) break;
    if (!run->abandoned) texts.push_back(run->text);
  }
  return texts;
}

// Three tasks of four steps: 12! / (4!)^3 = 34 650.
TEST(Parts, OfAnExhaustiveSearchAreTogetherTheWholeAndDisjoint) {
  const Program program = tasks_of_steps(3, 4);
  for (const char* name : {"dfs", "preemptions", "delay"})
    for (const std::uint64_t parts : {2u, 3u, 7u}) {
      std::set<std::string> all;
      std::size_t sum = 0;
      for (std::uint64_t i = 0; i < parts; ++i) {
        const auto texts = part(program, name, {.part = i, .parts = parts});
        EXPECT_LT(texts.size(), 34'650u * 2 / parts) << name << " " << i << "/" << parts;
        EXPECT_GT(texts.size(), 34'650u / 4 / parts) << name << " " << i << "/" << parts;
        sum += texts.size();
        all.insert(texts.begin(), texts.end());
      }
      EXPECT_EQ(all.size(), 34'650u) << name << " " << parts;
      EXPECT_EQ(sum, 34'650u) << name << " " << parts;
    }
}

TEST(Parts, OfABoundedSearchAreTheBoundedWhole) {
  const Program program = tasks_of_steps(3, 5);
  for (const char* name : {"dfs", "preemptions", "delay"}) {
    const auto whole = part(program, name, {.preemptions = 2});
    std::set<std::string> all;
    for (std::uint64_t i = 0; i < 4; ++i) {
      const auto texts = part(program, name, {.preemptions = 2, .part = i, .parts = 4});
      all.insert(texts.begin(), texts.end());
    }
    EXPECT_EQ(all, std::set<std::string>(whole.begin(), whole.end())) << name;
  }
}

// What is over before it can be divided is everybody's: nothing is lost.
TEST(Parts, OfAVerySmallTreeEachIsTheWhole) {
  const auto texts = part(tasks_of_steps(2, 2), "dfs", {.part = 1, .parts = 1000});
  EXPECT_EQ(texts.size(), 6u);
}

TEST(Parts, OfASampleDrawWhatOneWouldDraw) {
  const Program program = tasks_of_steps(3, 5);
  for (const char* name : {"random", "pos"}) {
    const auto whole = part(program, name, {.seed = 9}, 300);
    for (std::uint64_t i = 0; i < 3; ++i) {
      const auto texts = part(program, name, {.seed = 9, .part = i, .parts = 3}, 100);
      for (std::size_t k = 0; k < texts.size(); ++k) EXPECT_EQ(texts[k], whole[3 * k + i]) << name;
    }
  }
}

TEST(Parts, OfThoseThatLearnDiffer) {
  const Program program = tasks_of_steps(3, 5);
  for (const char* name : {"pct", "urw", "surw", "feedback", "portfolio"})
    EXPECT_NE(part(program, name, {.part = 0, .parts = 2}, 200), part(program, name, {.part = 1, .parts = 2}, 200))
        << name;
}

}  // namespace
}  // namespace harness
