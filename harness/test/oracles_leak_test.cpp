// leak: what is left when everything is over.
#include "harness/test/oracle_story.hpp"

namespace harness {
namespace {

constexpr const char* rule = "leak";
constexpr std::uintptr_t slice = region + 64 * kib;

Story story() { return Story(make_leak()); }

TEST(Leak, ARegionThatIsStillMapped) {
  const Story told = std::move(story().map(2, region, mib).ends());
  EXPECT_EQ(told.rule(), rule);
  EXPECT_EQ(told.steps(), (Steps{1}));
  EXPECT_EQ(told.message(),
            "{object:7f0000000000} (1 MiB) was mapped by {task:2} at step 1 and is still mapped at "
            "the end");
}

TEST(Leak, EverythingGivenBackIsFine) {
  EXPECT_TRUE(story()
                  .map(2, region, mib)
                  .given(1, slice, 4 * kib)
                  .gives_back(1, slice)
                  .unmap(0, region, mib)
                  .ends()
                  .silent());
  EXPECT_TRUE(story().ends().silent());
}

TEST(Leak, PartOfARegion) {
  const Story told = std::move(story()
                                   .map(2, region, mib)
                                   .unmap(0, region, 256 * kib)
                                   .unmap(0, region + 512 * kib, 256 * kib)
                                   .ends());
  EXPECT_EQ(told.message(),
            "{object:7f0000040000} (256 KiB) was mapped by {task:2} at step 1 and is still mapped "
            "at the end; 2 ranges "
            "in all, 512 KiB");
}

TEST(Leak, ReservationsAreNone) {
  EXPECT_TRUE(story().map(0, region, 64 * mib, 0).ends().silent());
  EXPECT_TRUE(story().map(0, region, mib).protect(0, region, mib, 0).ends().silent());
  EXPECT_TRUE(story().map(0, region, mib).map(0, region, mib, 0).ends().silent());
  const Story told =
      std::move(story().map(0, region, 64 * mib, 0).protect(3, region + mib, mib, 3).ends());
  EXPECT_EQ(told.message(),
            "{object:7f0000100000} (1 MiB) was mapped by {task:3} at step 2 and is still mapped at "
            "the end");
}

TEST(Leak, AProtectionDoesNotChangeWhoMappedIt) {
  EXPECT_EQ(story().map(2, region, mib).protect(3, region, mib, 1).ends().steps(), (Steps{1}));
}

TEST(Leak, ASliceThatNeverCameBack) {
  const Story told =
      std::move(story().map(0, region, mib).given(1, slice, 64 * kib).unmap(0, region, mib).ends());
  EXPECT_EQ(told.rule(), rule);
  EXPECT_EQ(told.steps(), (Steps{2}));
  EXPECT_EQ(told.message(),
            "the slice {object:7f0000010000} (64 KiB) that was given to {task:1} at step 2 never "
            "came back");
}

TEST(Leak, OfSeveralSlicesTheFirst) {
  const Story told = std::move(story().given(1, slice, 4 * kib).given(2, region, 4 * kib).ends());
  EXPECT_EQ(told.steps(), (Steps{1}));
  EXPECT_NE(told.message().find("; 2 slices in all"), std::string::npos) << told.message();
}

TEST(Leak, ASliceWhoseReturnWasRefused) {
  EXPECT_EQ(
      story().given(1, slice, 4 * kib).gives_back(1, slice, false).ends().message(),
      "the slice {object:7f0000010000} (4 KiB) that was given to {task:1} at step 1 never came "
      "back: its return was refused");
  EXPECT_EQ(story().given(1, slice, 4 * kib).gives_back(2, slice, false).ends().rule(), rule);
  auto again = story();
  again.given(1, slice, 4 * kib).gives_back(1, slice).gives_back(1, slice, false);
  EXPECT_TRUE(again.ends().silent());
  auto in_the_end = story();
  in_the_end.given(1, slice, 4 * kib).gives_back(1, slice, false).gives_back(1, slice);
  EXPECT_TRUE(in_the_end.ends().silent());
}

TEST(Leak, TheClosingOfItsPoolEndsTheClaimOnASlice) {
  EXPECT_TRUE(story().given(1, slice, 4 * kib).closed(0, pool).ends().silent());
  EXPECT_EQ(story().given(1, slice, 4 * kib).closed(0, pool + 8).ends().rule(), rule);
  EXPECT_EQ(story().map(0, region, mib).closed(0, pool).ends().rule(), rule);  // but not on memory
  EXPECT_EQ(story().given(1, slice, 4 * kib).closed(0, region, mib).ends().rule(), rule);
}

TEST(Leak, FailedCallsChangeNothing) {
  EXPECT_EQ(story().map(2, region, mib).failed(Op::unmap, 0, region, mib).ends().rule(), rule);
  EXPECT_TRUE(story().failed(Op::map, 2, region, mib, 3).ends().silent());
}

TEST(Leak, ForgetsTheLastExecution) {
  EXPECT_TRUE(story().map(0, region, mib).given(1, slice, 64).begin().ends().silent());
}

}  // namespace
}  // namespace harness
