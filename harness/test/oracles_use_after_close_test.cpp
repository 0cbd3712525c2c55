// use-after-close: ranges closed under a slice, use of closed ranges, closed pools that go on
// serving.
#include "harness/test/oracle_story.hpp"

namespace harness {
namespace {

constexpr const char* rule = "use-after-close";
constexpr std::uintptr_t slice = region + 64 * kib;

Story story() { return Story(make_use_after_close()); }
Story slice_out() { return std::move(story().map(0, region, mib).given(1, slice, 64 * kib)); }

TEST(UseAfterClose, ARangeClosedWhileASliceOfItIsOut) {
  const Story told = std::move(slice_out().closed(2, region, mib));
  EXPECT_EQ(told.rule(), rule);
  EXPECT_EQ(told.steps(), (Steps{2, 3}));
  EXPECT_FALSE(told.freed_region());
  EXPECT_EQ(told.message(),
            "{task:2} closes {object:7f0000000000} (1 MiB) while its slice {object:7f0000010000} "
            "(64 KiB) is "
            "handed out to {task:1} (since step 2)");
}

TEST(UseAfterClose, ARangeClosedWhenEverythingIsBackIsFine) {
  EXPECT_TRUE(slice_out()
                  .gives_back(1, slice)
                  .closed(2, region, mib)
                  .unmap(2, region, mib)
                  .ends()
                  .silent());
  EXPECT_TRUE(
      slice_out().returning(1, slice).closed(1, region, mib).returned(1, slice).ends().silent());
  EXPECT_TRUE(slice_out().closed(2, region + mib, mib).closed(2, region, 64 * kib).silent());
}

TEST(UseAfterClose, AnAccessToAClosedRange) {
  const Story told = std::move(story().map(0, region, mib).closed(2, region, mib).write(1, slice));
  EXPECT_EQ(told.steps(), (Steps{2, 3}));
  EXPECT_FALSE(told.freed_region());
  EXPECT_EQ(told.message(),
            "{task:1} writes 8 bytes at {object:7f0000010000}, in {object:7f0000000000} (1 MiB), "
            "which {task:2} "
            "had closed at step 2");
  EXPECT_TRUE(story().closed(2, region, mib).write(1, region + mib).silent());
  EXPECT_EQ(story().closed(2, region + 100, 50).write(1, region + 93).rule(), rule);
  EXPECT_TRUE(story().closed(2, region + 100, 50).write(1, region + 92).silent());
}

TEST(UseAfterClose, ASliceOfAClosedRange) {
  EXPECT_EQ(story().map(0, region, mib).closed(2, region, mib).given(1, slice, 64 * kib).steps(),
            (Steps{2, 3}));
}

TEST(UseAfterClose, SaysWhetherTheMemoryWasUnmappedToo) {
  const auto closed = [] { return std::move(story().map(0, region, mib).closed(2, region, mib)); };
  EXPECT_TRUE(closed().unmap(2, region, mib).write(1, slice).freed_region());
  EXPECT_TRUE(closed().protect(2, region, mib, 0).write(1, slice).freed_region());
  EXPECT_TRUE(closed().map(2, region, mib, 0).write(1, slice).freed_region());
  EXPECT_FALSE(closed().failed(Op::unmap, 2, region, mib).write(1, slice).freed_region());
  EXPECT_FALSE(closed().unmap(2, region, 64 * kib).write(1, slice).freed_region());  // beside it
  EXPECT_TRUE(closed().unmap(2, region + 32 * kib, 64 * kib).write(1, slice).freed_region());
}

TEST(UseAfterClose, ARangeMappedAnewIsOpen) {
  const auto closed = [] { return std::move(story().map(0, region, mib).closed(2, region, mib)); };
  EXPECT_TRUE(closed()
                  .unmap(2, region, mib)
                  .map(3, region, mib)
                  .given(1, slice, 64 * kib)
                  .write(1, slice)
                  .silent());
  EXPECT_TRUE(closed().map(3, region, mib).write(1, slice).silent());
  EXPECT_EQ(closed().unmap(2, region, mib).map(3, region, 64 * kib).write(1, slice).rule(), rule);
}

TEST(UseAfterClose, ProtectionsOpenOnlyWhatHadBeenTakenAway) {
  const auto closed = [] { return std::move(story().map(0, region, mib).closed(2, region, mib)); };
  EXPECT_TRUE(
      closed().protect(2, region, mib, 0).protect(2, region, mib, 3).write(1, slice).silent());
  EXPECT_EQ(closed().protect(2, region, mib, 1).protect(2, region, mib, 3).write(1, slice).rule(),
            rule);
}

TEST(UseAfterClose, ARequestToAPoolThatWasClosedBeforeIsServed) {
  const Story told = std::move(story().closed(0, pool).asked(1).given(1, slice, 64 * kib));
  EXPECT_EQ(told.rule(), rule);
  EXPECT_EQ(told.steps(), (Steps{1, 3}));
  EXPECT_EQ(told.message(),
            "{task:1} is given {object:7f0000010000} (64 KiB) by a pool that {task:0} had closed "
            "at step 1, before "
            "the request began");
}

TEST(UseAfterClose, ARequestThatWasUnderWayMayStillBeServed) {
  EXPECT_TRUE(story().asked(1).closed(0, pool).given(1, slice, 64 * kib).silent());
  EXPECT_TRUE(story().closed(0, pool + 8).asked(1).given(1, slice, 64 * kib).silent());
  EXPECT_TRUE(story().closed(0, pool).asked(1).ends().silent());  // refused
  // Of two tasks only the one that asked too late.
  EXPECT_TRUE(story().asked(2).closed(0, pool).asked(1).given(2, slice, 64 * kib).silent());
  EXPECT_EQ(story().asked(2).closed(0, pool).asked(1).given(1, slice, 64 * kib).rule(), rule);
  // The next request of a task is another one.
  EXPECT_TRUE(story()
                  .closed(0, pool)
                  .asked(1)
                  .asked(1, pool + 8)
                  .given(1, slice, 64 * kib, pool + 8)
                  .silent());
}

TEST(UseAfterClose, SlicesOutlastTheClosingOfTheirPool) {
  EXPECT_TRUE(slice_out().closed(0, pool).write(1, slice).gives_back(1, slice).ends().silent());
}

TEST(UseAfterClose, ANewPoolAtTheOldPlaceIsOpen) {
  EXPECT_TRUE(story().closed(0, pool).budget(0, mib).asked(1).given(1, slice, 64 * kib).silent());
}

TEST(UseAfterClose, ACrashInAClosedRange) {
  EXPECT_EQ(
      story().closed(2, region, mib).tell({.task = 1, .op = Op::crashed, .object = slice}).rule(),
      rule);
  EXPECT_TRUE(story().closed(2, region, mib).tell({.task = 1, .op = Op::crashed}).silent());
}

TEST(UseAfterClose, ForgetsTheLastExecution) {
  auto told = slice_out();
  told.closed(2, region + mib, mib).closed(0, pool).asked(1);
  EXPECT_TRUE(
      told.begin().write(1, region + mib).given(1, slice, 8).closed(2, region + mib, mib).silent());
}

}  // namespace
}  // namespace harness
