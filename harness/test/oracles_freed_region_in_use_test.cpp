// freed-region-in-use: accesses to freed memory, regions freed under a slice, slices of freed
// memory.
#include "harness/test/oracle_story.hpp"

namespace harness {
namespace {

constexpr const char* rule = "freed-region-in-use";
constexpr std::uintptr_t slice = region + 64 * kib;

Story story() { return Story(make_freed_region_in_use()); }
// main maps a region, task 1 gets a slice of it: steps 1 and 2.
Story slice_out() { return std::move(story().map(0, region, mib).given(1, slice, 64 * kib)); }

TEST(FreedRegionInUse, AWriteToAnUnmappedRegion) {
  const Story told =
      std::move(story().map(0, region, mib).unmap(2, region, mib).write(1, region + 16));
  EXPECT_EQ(told.rule(), rule);
  EXPECT_TRUE(told.freed_region());
  EXPECT_EQ(told.steps(), (Steps{2, 3}));
  EXPECT_EQ(told.message(),
            "{task:1} writes 8 bytes at {object:7f0000000010}, in memory that {task:2} had "
            "unmapped at step 2");
}

TEST(FreedRegionInUse, AnOrderlyLifeIsFine) {
  EXPECT_TRUE(
      slice_out().write(1, slice).gives_back(1, slice).unmap(2, region, mib).ends().silent());
}

TEST(FreedRegionInUse, AReadOfWhatWasMadeInaccessible) {
  EXPECT_EQ(story().map(0, region, mib).protect(2, region, mib, 0).read(1, region).message(),
            "{task:1} reads 8 bytes at {object:7f0000000000}, in memory that {task:2} had made "
            "inaccessible "
            "at step 2");
  EXPECT_TRUE(story()
                  .map(0, region, mib)
                  .protect(2, region, mib, 0)
                  .protect(2, region, mib, 3)
                  .read(1, region)
                  .silent());
}

TEST(FreedRegionInUse, AReservationOverAMappingFreesIt) {
  EXPECT_EQ(story().map(0, region, mib).map(2, region, mib, 0).read(1, region).rule(), rule);
  EXPECT_TRUE(story().map(0, region, mib).map(2, region, mib, 3).read(1, region).silent());
}

TEST(FreedRegionInUse, AReservationThatWasNeverAccessibleIsNotFreed) {
  EXPECT_TRUE(story().map(0, region, mib, 0).read(1, region).silent());
  EXPECT_TRUE(story().map(0, region, mib, 0).unmap(0, region, mib).read(1, region).silent());
}

TEST(FreedRegionInUse, OfAReservationOnlyThePartThatWasAccessible) {
  auto told = story();
  const auto begin = [&]() -> Story& {
    return told.begin()
        .map(0, region, mib, 0)
        .protect(0, region + 64 * kib, 64 * kib, 3)
        .unmap(0, region, mib);
  };
  EXPECT_TRUE(begin().read(1, region + 63 * kib).silent());
  EXPECT_EQ(begin().read(1, region + 64 * kib).rule(), rule);
  EXPECT_EQ(begin().read(1, region + 128 * kib - 1, 1).rule(), rule);
  EXPECT_TRUE(begin().read(1, region + 128 * kib).silent());
}

TEST(FreedRegionInUse, RangesEndWhereTheyEnd) {
  auto told = story();
  const auto begin = [&]() -> Story& {
    return told.begin().map(0, region, 4 * mib).unmap(2, region + mib, mib);
  };
  EXPECT_TRUE(begin().write(1, region + mib - 8).silent());
  EXPECT_EQ(begin().write(1, region + mib - 7).rule(), rule);  // reaches one byte into it
  EXPECT_EQ(begin().write(1, region + 2 * mib - 1).rule(), rule);
  EXPECT_TRUE(begin().write(1, region + 2 * mib).silent());
}

TEST(FreedRegionInUse, WhatIsMappedAnewIsAliveAgain) {
  auto told = story();
  told.map(0, region, mib).unmap(2, region, mib).map(0, region, 512 * kib);
  EXPECT_TRUE(told.write(1, region).silent());
  EXPECT_EQ(told.write(1, region + 512 * kib).rule(), rule);  // only half of it was
}

TEST(FreedRegionInUse, WhoFreedItFirstIsNamed) {
  EXPECT_EQ(story()
                .map(0, region, mib)
                .unmap(2, region, mib)
                .unmap(3, region, mib)
                .write(1, region)
                .steps(),
            (Steps{2, 4}));
}

TEST(FreedRegionInUse, MemoryThatWasMappedBeforeTheExecution) {
  EXPECT_EQ(story().unmap(2, region, mib).write(1, region).rule(), rule);
}

TEST(FreedRegionInUse, ACallThatFailedFreesNothing) {
  EXPECT_TRUE(
      story().map(0, region, mib).failed(Op::unmap, 2, region, mib).write(1, region).silent());
  EXPECT_TRUE(slice_out().failed(Op::discard, 2, region, mib).gives_back(1, slice).ends().silent());
  EXPECT_EQ(story()
                .map(0, region, mib)
                .unmap(2, region, mib)
                .failed(Op::map, 0, region, mib, 3)
                .write(1, region)
                .rule(),
            rule);
}

TEST(FreedRegionInUse, LengthsAreWholePages) {
  EXPECT_EQ(story().map(0, region, 100).unmap(2, region, 100).write(1, region + 4000).rule(), rule);
  EXPECT_TRUE(story().map(0, region, 8192).unmap(2, region, 100).write(1, region + 4096).silent());
  EXPECT_TRUE(story().map(0, region, 8192).unmap(2, region, 0).write(1, region).silent());
}

TEST(FreedRegionInUse, ARegionUnmappedUnderASliceIsToldAtTheAccess) {
  const Story told = std::move(slice_out().unmap(2, region, mib).write(1, slice));
  EXPECT_EQ(told.steps(), (Steps{3, 4}));
  EXPECT_TRUE(told.freed_region());
  EXPECT_EQ(told.message(),
            "{task:1} writes 8 bytes at {object:7f0000010000} at step 4: {task:2} unmapped "
            "{object:7f0000000000} (1 MiB) at step 3 while its slice {object:7f0000010000} (64 "
            "KiB) was handed "
            "out to {task:1} (since step 2)");
}

TEST(FreedRegionInUse, OrWhereItIsNeverTouchedAtTheReturn) {
  const Story told = std::move(slice_out().unmap(2, region, mib).returning(1, slice));
  EXPECT_EQ(told.rule(), rule);
  EXPECT_EQ(told.steps(), (Steps{2, 3}));
  EXPECT_EQ(told.message(),
            "{task:2} unmapped {object:7f0000000000} (1 MiB) at step 3 while its slice "
            "{object:7f0000010000} "
            "(64 KiB) was handed out to {task:1} (since step 2)");
}

TEST(FreedRegionInUse, OrWhenTheExecutionIsOver) {
  auto told = slice_out();
  EXPECT_TRUE(told.unmap(2, region, mib).silent());
  EXPECT_EQ(told.ends().steps(), (Steps{2, 3}));
}

TEST(FreedRegionInUse, OrWhenSomethingElseEndsIt) {
  for (const Op op : {Op::stuck, Op::aborted, Op::violated, Op::crashed})
    EXPECT_EQ(slice_out().unmap(2, region, mib).tell({.task = 3, .op = op}).steps(), (Steps{2, 3}));
  EXPECT_EQ(
      slice_out().unmap(2, region, mib).tell({.op = Op::counted, .before = 1, .value = 2}).rule(),
      rule);
  EXPECT_TRUE(slice_out()
                  .unmap(2, region, mib)
                  .tell({.op = Op::counted, .before = 2, .value = 2})
                  .silent());
  for (const Op op : {Op::stuck, Op::aborted, Op::violated, Op::crashed, Op::lost})
    EXPECT_TRUE(slice_out().tell({.task = 3, .op = op, .object = 1, .value = 1}).silent());
}

TEST(FreedRegionInUse, OrWhenItsPoolOrRangeIsClosed) {
  EXPECT_EQ(slice_out().unmap(2, region, mib).closed(0, pool).rule(), rule);
  EXPECT_TRUE(slice_out().unmap(2, region, mib).closed(0, pool + 8).silent());
  EXPECT_EQ(slice_out().unmap(2, region, mib).closed(0, region, mib).rule(), rule);
  EXPECT_TRUE(slice_out().unmap(2, region, mib).closed(0, region + mib, mib).silent());
}

TEST(FreedRegionInUse, ASliceOfARegionThatIsFreedOnlyBesideItIsFine) {
  EXPECT_TRUE(slice_out()
                  .unmap(2, region, 64 * kib)
                  .unmap(2, region + 128 * kib, 64 * kib)
                  .gives_back(1, slice)
                  .ends()
                  .silent());
  EXPECT_EQ(slice_out().unmap(2, region, 64 * kib + 1).gives_back(1, slice).rule(), rule);
}

TEST(FreedRegionInUse, FromTheBeginningOfItsReturnThePoolMayFreeIt) {
  EXPECT_TRUE(
      slice_out().returning(1, slice).unmap(1, region, mib).returned(1, slice).ends().silent());
  EXPECT_TRUE(
      slice_out().returning(1, slice).discard(1, region, mib).returned(1, slice).ends().silent());
}

TEST(FreedRegionInUse, ARefusedReturnByItsOwnerGivesASliceUp) {
  EXPECT_TRUE(slice_out().gives_back(1, slice, false).unmap(2, region, mib).ends().silent());
}

TEST(FreedRegionInUse, ARefusedReturnByAnotherLeavesTheSliceWithItsOwner) {
  EXPECT_EQ(slice_out().gives_back(3, slice, false).unmap(2, region, mib).ends().rule(), rule);
}

TEST(FreedRegionInUse, ADiscardUnderASliceLosesItsContent) {
  EXPECT_TRUE(slice_out().discard(2, region, mib).freed_region() == false);
  EXPECT_EQ(slice_out().discard(2, region, mib).write(1, slice).steps(), (Steps{3, 4}));
  EXPECT_EQ(slice_out().discard(2, region, mib).gives_back(1, slice).steps(), (Steps{2, 3}));
  const Story lost =
      std::move(slice_out()
                    .discard(2, region, mib)
                    .tell({.task = 1, .op = Op::lost, .object = slice, .before = 5}));
  EXPECT_EQ(lost.steps(), (Steps{3, 4}));
  EXPECT_EQ(lost.message(),
            "{task:1} finds other data there at step 4: {task:2} discarded {object:7f0000000000} "
            "(1 MiB) at "
            "step 3 while its slice {object:7f0000010000} (64 KiB) was handed out to {task:1} "
            "(since step 2)");
}

TEST(FreedRegionInUse, ADiscardOfWhatNobodyHasIsFine) {
  EXPECT_TRUE(story()
                  .map(0, region, mib)
                  .discard(2, region, mib)
                  .given(1, slice, 64 * kib)
                  .write(1, slice)
                  .read(1, slice)
                  .gives_back(1, slice)
                  .ends()
                  .silent());
  EXPECT_TRUE(
      slice_out().gives_back(1, slice).discard(2, region, mib).write(0, slice).ends().silent());
  EXPECT_TRUE(slice_out().discard(2, region + 128 * kib, 64 * kib).write(1, slice).ends().silent());
}

TEST(FreedRegionInUse, ADiscardedSliceThatIsGivenToAnotherToo) {
  const Story told = std::move(slice_out().discard(2, region, mib).given(3, slice, 64 * kib));
  EXPECT_EQ(told.steps(), (Steps{3, 4}));
  EXPECT_NE(told.message().find("{task:3} is given {object:7f0000010000} (64 KiB) of it at step 4"),
            std::string::npos)
      << told.message();
}

TEST(FreedRegionInUse, ASliceHandedOutOfFreedMemory) {
  auto late = [] {
    return std::move(story().map(0, region, mib).unmap(2, region, mib).given(1, slice, 64 * kib));
  };
  EXPECT_TRUE(late().silent());  // told when there is more to tell
  EXPECT_EQ(late().write(1, slice).steps(), (Steps{2, 4}));
  EXPECT_EQ(late().gives_back(1, slice).steps(), (Steps{2, 3}));
  EXPECT_EQ(
      late().ends().message(),
      "the slice {object:7f0000010000} (64 KiB) was given to {task:1} at step 3 after {task:2} had "
      "unmapped it at step 2");
}

TEST(FreedRegionInUse, ASliceThatWasTakenAwayStaysSoWhenItsPlaceIsMappedAnew) {
  const auto remapped = [] {
    return std::move(slice_out().unmap(2, region, mib).map(2, region, mib));
  };
  EXPECT_TRUE(remapped().silent());
  EXPECT_EQ(remapped().gives_back(1, slice).steps(), (Steps{2, 3}));
  EXPECT_EQ(remapped().given(3, slice, 64 * kib).steps(), (Steps{3, 5}));
  EXPECT_EQ(remapped().ends().rule(), rule);
}

TEST(FreedRegionInUse, AMappingOverALiveSliceTakesItsContent) {
  EXPECT_EQ(slice_out().map(2, region, mib).ends().message(),
            "{task:2} mapped over {object:7f0000000000} (1 MiB) at step 3 while its slice "
            "{object:7f0000010000} (64 KiB) was handed out to {task:1} (since step 2)");
}

TEST(FreedRegionInUse, ProtectingALiveSliceReadOnlyFreesNothing) {
  EXPECT_TRUE(slice_out().protect(2, region, mib, 1).gives_back(1, slice).ends().silent());
}

TEST(FreedRegionInUse, ACrashAtAFreedAddress) {
  const Story told = std::move(
      story()
          .map(0, region, mib)
          .unmap(2, region, mib)
          .tell({.task = 1, .op = Op::crashed, .object = region + 8, .label = "SIGSEGV"}));
  EXPECT_EQ(told.steps(), (Steps{2, 3}));
  EXPECT_EQ(
      told.message(),
      "{task:1} crashes at {object:7f0000000008}, in memory that {task:2} had unmapped at step 2");
  EXPECT_TRUE(story()
                  .map(0, region, mib)
                  .unmap(2, region, mib)
                  .tell({.task = 1, .op = Op::crashed, .object = region + mib, .label = "SIGSEGV"})
                  .silent());
}

TEST(FreedRegionInUse, TheSliceThatIsTouchedIsTheOneThatIsTold) {
  auto told = slice_out();
  told.given(3, slice + 64 * kib, 64 * kib).unmap(2, region, mib).write(3, slice + 64 * kib);
  EXPECT_NE(told.message().find("handed out to {task:3} (since step 3)"), std::string::npos)
      << told.message();
}

TEST(FreedRegionInUse, ForgetsTheLastExecution) {
  auto told = slice_out();
  told.unmap(2, region, mib);
  EXPECT_TRUE(told.begin().begin().write(1, slice).ends().silent());
  for (int i = 0; i < 100; ++i) {
    told.begin().map(0, region, mib).given(1, slice, 64 * kib);
    ASSERT_TRUE(told.gives_back(1, slice).unmap(2, region, mib).ends().silent());
    ASSERT_EQ(told.read(1, slice).steps(), (Steps{5, 6}));
  }
}

TEST(FreedRegionInUse, AddressesAtTheEndOfTheAddressSpace) {
  constexpr std::uintptr_t last_page = ~std::uintptr_t{0} - 4095;
  EXPECT_TRUE(
      story().map(0, region, mib).unmap(2, region, mib).read(1, ~std::uintptr_t{0}, 64).silent());
  EXPECT_TRUE(story()
                  .map(0, last_page, ~std::uint64_t{0})
                  .unmap(0, last_page, 4096)
                  .read(1, 0, 8)
                  .silent());
}

}  // namespace
}  // namespace harness
