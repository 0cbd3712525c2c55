// double-release: returns that were accepted twice, and those that only look like it.
#include "harness/test/oracle_story.hpp"

namespace harness {
namespace {

constexpr const char* rule = "double-release";
constexpr std::uintptr_t slice = region + 64 * kib;

Story story() { return std::move(Story(make_double_release()).given(1, slice, 4 * kib)); }

TEST(DoubleRelease, TheSameTaskTwice) {
  const Story told = std::move(story().gives_back(1, slice).gives_back(1, slice));
  EXPECT_EQ(told.rule(), rule);
  EXPECT_EQ(told.steps(), (Steps{3, 5}));
  EXPECT_EQ(told.message(),
            "the slice {object:7f0000010000} that {task:1} gave back was accepted a second time: "
            "{task:1} had given it "
            "back at step 3");
}

TEST(DoubleRelease, OnceIsFineAndSoIsOnceForEveryLife) {
  auto told = story();
  EXPECT_TRUE(told.gives_back(1, slice).silent());
  for (int i = 0; i < 10; ++i) told.given(2, slice, 4 * kib).gives_back(2, slice);
  EXPECT_TRUE(told.ends().silent());
}

TEST(DoubleRelease, RefusedReturnsAreFine) {
  EXPECT_TRUE(story()
                  .gives_back(1, slice)
                  .gives_back(1, slice, false)
                  .gives_back(2, slice, false)
                  .silent());
  EXPECT_TRUE(story().gives_back(1, slice, false).gives_back(1, slice).silent());
}

TEST(DoubleRelease, TwoTasksAtOnce) {
  EXPECT_EQ(
      story().returning(1, slice).returning(2, slice).returned(2, slice).returned(1, slice).steps(),
      (Steps{4, 5}));
  EXPECT_TRUE(story()
                  .returning(1, slice)
                  .returning(2, slice)
                  .returned(2, slice)
                  .returned(1, slice, false)
                  .silent());
}

TEST(DoubleRelease, AReturnIsAboutTheLifeInWhichItBegan) {
  // Accepted, and given to another before the first task hears of it.
  EXPECT_TRUE(story()
                  .returning(1, slice)
                  .given(2, slice, 4 * kib)
                  .returned(1, slice)
                  .gives_back(2, slice)
                  .silent());
  // A second return of the old life, accepted while the slice has a new owner.
  EXPECT_EQ(story()
                .returning(1, slice)
                .returning(3, slice)
                .returned(1, slice)
                .given(2, slice, 4 * kib)
                .returned(3, slice)
                .steps(),
            (Steps{4, 6}));
  EXPECT_EQ(story()
                .returning(1, slice)
                .returning(3, slice)
                .given(2, slice, 4 * kib)
                .returned(1, slice)
                .returned(3, slice)
                .steps(),
            (Steps{5, 6}));
}

TEST(DoubleRelease, AStaleReturnThatTakesTheNextOwnersSlice) {
  // The stale one (by task 1) passes for the new owner's; the new owner's own is the second.
  EXPECT_EQ(story()
                .gives_back(1, slice)
                .given(2, slice, 4 * kib)
                .gives_back(1, slice)
                .gives_back(2, slice)
                .steps(),
            (Steps{6, 8}));
}

TEST(DoubleRelease, OtherSlicesAreOtherSlices) {
  EXPECT_TRUE(story()
                  .given(2, slice + 4 * kib, 4 * kib)
                  .gives_back(1, slice)
                  .gives_back(2, slice + 4 * kib)
                  .silent());
  EXPECT_TRUE(story()
                  .returning(1, slice)
                  .given(1, region, 4 * kib)
                  .returned(1, slice)
                  .gives_back(1, region)
                  .silent());
}

TEST(DoubleRelease, WhatWasNeverGivenIsNoSlice) {
  EXPECT_TRUE(
      story().gives_back(1, slice + 64).gives_back(1, slice + 64).returned(1, slice).silent());
}

TEST(DoubleRelease, ForgetsTheLastExecution) {
  auto told = story();
  told.gives_back(1, slice).returning(2, slice);
  EXPECT_TRUE(told.begin().returned(2, slice).gives_back(1, slice).silent());
  EXPECT_TRUE(told.begin().given(1, slice, 4 * kib).gives_back(1, slice).silent());
}

}  // namespace
}  // namespace harness
