// Intervals against a byte-by-byte model of the same.
#include <gtest/gtest.h>

#include <array>

#include "harness/oracles/intervals.hpp"

namespace harness {
namespace {

TEST(Intervals, SplitsWhatItCuts) {
  Intervals<int> intervals;
  intervals.set({10, 20}, 1);
  intervals.cut({13, 15});
  ASSERT_EQ(intervals.size(), 2u);
  EXPECT_EQ(intervals.begin()->end, 13u);
  EXPECT_EQ((intervals.begin() + 1)->begin, 15u);
  EXPECT_EQ(intervals.first({13, 15}), nullptr);
  EXPECT_EQ(intervals.first({12, 13})->what, 1);
}

TEST(Intervals, EmptyRangesChangeNothing) {
  Intervals<int> intervals;
  intervals.set({10, 10}, 1);
  EXPECT_TRUE(intervals.empty());
  intervals.set({10, 20}, 1);
  intervals.cut({15, 15});
  intervals.cut({16, 12});
  EXPECT_EQ(intervals.size(), 1u);
}

TEST(Intervals, DoesAsAnArrayOfBytesWould) {
  constexpr std::size_t size = 64;
  Intervals<int> intervals;
  std::array<int, size> model{};
  std::uint64_t state = 7;
  const auto draw = [&](std::uint64_t bound) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % bound;
  };
  for (int round = 1; round <= 20'000; ++round) {
    const std::size_t begin = draw(size), end = draw(size + 1);
    const bool sets = draw(3) != 0;
    if (sets) intervals.set({begin, end}, round);
    if (!sets) intervals.cut({begin, end});
    for (std::size_t i = begin; i < end; ++i) model.at(i) = sets ? round : 0;
    std::array<int, size> seen{};
    std::uintptr_t last = 0;
    for (const auto& entry : intervals) {
      ASSERT_LE(last, entry.begin);
      ASSERT_LT(entry.begin, entry.end);
      for (std::size_t i = entry.begin; i < entry.end; ++i) seen.at(i) = entry.what;
      last = entry.end;
    }
    ASSERT_EQ(seen, model) << round;
    const std::size_t at = draw(size);
    const auto* found = intervals.first({at, at + 1});
    ASSERT_EQ(found ? found->what : 0, model.at(at));
  }
}

}  // namespace
}  // namespace harness
