// urw: every interleaving has the same chance, once it is known how many events each task has.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "harness/strategies/make.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;

Program tasks_of_steps(std::initializer_list<int> steps) {
  Program program;
  for (const int count : steps) program.tasks.emplace_back(static_cast<std::size_t>(count), step());
  return program;
}

// Of executions after the first, which only counts.
std::map<std::string, int> frequencies(const Program& program, std::string_view name, int executions) {
  const auto strategy = make_strategy(name, {.seed = 3});
  Runner runner(program);
  std::map<std::string, int> found;
  runner.run(*strategy, 0);
  for (int i = 1; i <= executions; ++i) ++found[runner.run(*strategy, static_cast<std::uint64_t>(i))->text];
  return found;
}

double chi_square(const std::map<std::string, int>& found, std::size_t interleavings, int executions) {
  const double expected = executions / static_cast<double>(interleavings);
  double sum = expected * static_cast<double>(interleavings - found.size());  // those that never came
  for (const auto& [text, count] : found) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

// More than six standard deviations above what is expected.
double too_much(std::size_t interleavings) {
  const double degrees = static_cast<double>(interleavings) - 1;
  return degrees + 6 * std::sqrt(2 * degrees);
}

// Two tasks of four steps: 8! / (4! 4!) = 70.
TEST(Urw, SpreadsEvenlyOverAllInterleavings) {
  const auto found = frequencies(tasks_of_steps({4, 4}), "urw", 21'000);
  EXPECT_EQ(found.size(), 70u);
  EXPECT_LT(chi_square(found, 70, 21'000), too_much(70));
}

TEST(Urw, ARandomWalkWithoutWeightsDoesNot) {
  EXPECT_GT(chi_square(frequencies(tasks_of_steps({4, 4}), "random", 21'000), 70, 21'000), 10 * too_much(70));
}

// Tasks of unequal length: 9! / (1! 2! 6!) = 252.
TEST(Urw, AlsoOverTasksOfUnequalLength) {
  const auto found = frequencies(tasks_of_steps({1, 2, 6}), "urw", 50'000);
  EXPECT_EQ(found.size(), 252u);
  EXPECT_LT(chi_square(found, 252, 50'000), too_much(252));
}

// Task a creates b and c, each of two steps: what it has created counts as its own until then. Its first two
// steps come first, then it has one left: 5! / (2! 2! 1!) less those in which c starts before its creation.
TEST(Urw, ATaskStandsForThoseThatItWillCreate) {
  const Program program{{{spawn(1), step(), spawn(2)}, {step(), step()}, {step(), step()}}};
  const auto dfs = make_strategy("dfs", {});
  const auto all = all_runs(program, *dfs);
  const auto found = frequencies(program, "urw", 40'000);
  EXPECT_EQ(found.size(), all.size());
  EXPECT_LT(chi_square(found, all.size(), 40'000), too_much(all.size()));
}

TEST(Urw, TheSameSeedExecutesTheSame) {
  const Program program = tasks_of_steps({5, 5, 5});
  EXPECT_EQ(frequencies(program, "urw", 300), frequencies(program, "urw", 300));
}

TEST(Urw, AlternativesAreTakenEvenly) {
  Program program = tasks_of_steps({1, 1});
  program.tasks[0] = {choice(2)};
  const auto found = frequencies(program, "urw", 4000);
  ASSERT_EQ(found.size(), 4u);
  for (const auto& [text, count] : found) EXPECT_NEAR(count, 1000, 150) << text;
}

}  // namespace
}  // namespace harness
