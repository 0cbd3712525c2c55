// surw: the events on one object are spread evenly over their interleavings, whatever else happens.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "harness/strategies/make.hpp"
#include "harness/test/model_program.hpp"

namespace harness {
namespace {

using namespace model;

// Four writes of one variable each, the first task after many steps of its own.
Program late_and_early() {
  Task late(20, step()), early;
  for (int i = 0; i < 4; ++i) {
    late.push_back(store(1));
    early.push_back(store(1));
  }
  return {{late, early}};
}

// How often each order of the writes alone came up.
std::map<std::string, int> orders(std::string_view name, int executions) {
  const Program program = late_and_early();
  const auto strategy = make_strategy(name, {.seed = 5});
  Runner runner(program);
  std::map<std::string, int> found;
  runner.run(*strategy, 0);
  for (int i = 1; i <= executions; ++i) {
    const auto run = runner.run(*strategy, static_cast<std::uint64_t>(i));
    std::string writes;
    int own = 0;
    for (const char task : run->text)
      if (task == 'b' || ++own > 20) writes += task;
    ++found[writes];
  }
  return found;
}

double chi_square(const std::map<std::string, int>& found, double executions) {
  const double expected = executions / 70;
  double sum = expected * static_cast<double>(70 - found.size());
  for (const auto& [text, count] : found) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(Surw, SpreadsTheWritesOfAVariableEvenly) {
  const auto found = orders("surw", 21'000);
  EXPECT_EQ(found.size(), 70u);
  EXPECT_LT(chi_square(found, 21'000), 69 + 6 * std::sqrt(2 * 69.0));
}

TEST(Surw, WhatGoesByAllEventsOrByNoneDoesNot) {
  EXPECT_LT(orders("urw", 21'000).size(), 70u);
  EXPECT_LT(orders("random", 21'000).size(), 40u);
}

// Every object gets its turn: x is written by a before b, and y by b before a, as often as the other way.
TEST(Surw, EveryObjectGetsItsTurn) {
  const Program program{{{store(1), step(), store(2)}, {store(1), step(), store(2)}}};
  const auto strategy = make_strategy("surw", {});
  Runner runner(program);
  std::map<std::string, int> found;
  for (std::uint64_t i = 0; i < 4000; ++i) ++found[runner.run(*strategy, i)->text];
  EXPECT_EQ(found.size(), 20u);
}

TEST(Surw, WhoHoldsALockThatTheIntendedOneWantsGoesOn) {
  Task locked{lock(1), store(1), store(1), unlock(1)};
  const Program program{{locked, locked, {store(1), lock(1), unlock(1)}}};
  const auto strategy = make_strategy("surw", {.seed = 2});
  Runner runner(program);
  for (std::uint64_t i = 0; i < 500; ++i) EXPECT_FALSE(runner.run(*strategy, i)->stuck);
}

TEST(Surw, TheSameSeedExecutesTheSame) {
  EXPECT_EQ(orders("surw", 300), orders("surw", 300));
}

}  // namespace
}  // namespace harness
