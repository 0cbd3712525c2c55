// double-give: a slice with two owners.
#include "harness/test/oracle_story.hpp"

namespace harness {
namespace {

constexpr const char* rule = "double-give";
constexpr std::uintptr_t slice = region + 64 * kib;

Story story() { return Story(make_double_give()); }

TEST(DoubleGive, OneSliceForTwo) {
  const Story told = std::move(story().given(1, slice, 4 * kib).given(2, slice, 4 * kib));
  EXPECT_EQ(told.rule(), rule);
  EXPECT_EQ(told.steps(), (Steps{1, 2}));
  EXPECT_FALSE(told.freed_region());
  EXPECT_EQ(told.message(),
            "{task:2} is given the slice {object:7f0000010000} (4 KiB), which {task:1} was given "
            "at step 1 and "
            "still has");
}

TEST(DoubleGive, OneAfterTheOtherIsFine) {
  auto told = story();
  for (TaskId task = 1; task < 10; ++task) told.given(task, slice, 4 * kib).gives_back(task, slice);
  EXPECT_TRUE(told.silent());
}

TEST(DoubleGive, NeighboursAreFine) {
  EXPECT_TRUE(story()
                  .given(1, slice, 4 * kib)
                  .given(2, slice + 4 * kib, 4 * kib)
                  .given(3, slice - 4 * kib, 4 * kib)
                  .silent());
}

TEST(DoubleGive, AnyOverlapCounts) {
  EXPECT_EQ(story().given(1, slice, 4 * kib).given(2, slice + 4 * kib - 1, 64).rule(), rule);
  EXPECT_EQ(story().given(1, slice, 4 * kib).given(2, slice - 63, 64).rule(), rule);
  EXPECT_EQ(story().given(1, slice, 4 * kib).given(2, region, mib).message(),
            "{task:2} is given the slice {object:7f0000000000} (1 MiB), which overlaps "
            "{object:7f0000010000} (4 KiB), "
            "which {task:1} was given at step 1 and still has");
  EXPECT_EQ(story().given(1, slice, 0).given(2, slice, 0).rule(), rule);
}

TEST(DoubleGive, ASliceOnItsWayBackMayBeGivenAnew) {
  EXPECT_TRUE(story()
                  .given(1, slice, 4 * kib)
                  .returning(1, slice)
                  .given(2, slice, 4 * kib)
                  .returned(1, slice)
                  .silent());
  // The old return says nothing about the new owner.
  EXPECT_EQ(story()
                .given(1, slice, 4 * kib)
                .returning(1, slice)
                .given(2, slice, 4 * kib)
                .returned(1, slice)
                .given(3, slice, 4 * kib)
                .steps(),
            (Steps{3, 5}));
  EXPECT_EQ(story()
                .given(1, slice, 4 * kib)
                .returning(1, slice)
                .given(2, slice, 4 * kib)
                .returned(1, slice, false)
                .given(3, slice, 4 * kib)
                .rule(),
            rule);
}

TEST(DoubleGive, ARefusedReturnByAnotherGivesNothingBack) {
  EXPECT_EQ(story().given(1, slice, 4 * kib).gives_back(2, slice, false).given(3, slice, 64).rule(),
            rule);
}

// Where the region was gone, and a new one stands in its place.
TEST(DoubleGive, WhatItsOwnerHasGivenUpMayBeGivenAnew) {
  auto told = story();
  told.given(1, slice, 4 * kib).gives_back(1, slice, false).given(3, slice, 4 * kib);
  EXPECT_TRUE(told.silent());
  EXPECT_EQ(told.given(2, slice, 4 * kib).steps(), (Steps{4, 5}));
}

TEST(DoubleGive, OfTwoReturnsAtOnceOneIsEnough) {
  EXPECT_TRUE(story()
                  .given(1, slice, 4 * kib)
                  .returning(1, slice)
                  .returning(2, slice)
                  .returned(2, slice, false)
                  .returned(1, slice)
                  .given(3, slice, 4 * kib)
                  .silent());
}

TEST(DoubleGive, ReturnsOfWhatIsNoSliceChangeNothing) {
  EXPECT_EQ(story()
                .given(1, slice, 4 * kib)
                .gives_back(1, slice + 8)
                .gives_back(2, region)
                .given(3, slice, 4 * kib)
                .rule(),
            rule);
  EXPECT_TRUE(story().returned(1, slice).gives_back(1, slice).silent());
}

TEST(DoubleGive, ForgetsTheLastExecution) {
  EXPECT_TRUE(story().given(1, slice, 4 * kib).begin().given(2, slice, 4 * kib).silent());
}

TEST(DoubleGive, ManySlices) {
  auto told = story();
  for (std::uintptr_t i = 0; i < 2000; ++i) told.given(1, region + (i * 7919 % 2000) * 4096, 4096);
  EXPECT_TRUE(told.silent());
  for (std::uintptr_t i = 0; i < 2000; i += 2) told.gives_back(1, region + i * 4096);
  for (std::uintptr_t i = 0; i < 2000; i += 2) told.given(2, region + i * 4096, 4096);
  EXPECT_TRUE(told.silent());
  EXPECT_EQ(told.given(3, region + 1001 * 4096, 4096).rule(), rule);
}

}  // namespace
}  // namespace harness
