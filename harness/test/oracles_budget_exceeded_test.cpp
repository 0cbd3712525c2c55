// budget-exceeded: accessible bytes against the promises, at every instant.
#include "harness/test/oracle_story.hpp"

namespace harness {
namespace {

constexpr const char* rule = "budget-exceeded";

Story story() { return Story(make_budget_exceeded()); }
Story promised(std::uint64_t bytes) { return std::move(story().budget(0, bytes)); }

TEST(BudgetExceeded, OneRegionTooMany) {
  const Story told = std::move(promised(2 * mib)
                                   .map(1, region, mib)
                                   .map(2, region + mib, mib)
                                   .map(1, region + 2 * mib, 4096));
  EXPECT_EQ(told.rule(), rule);
  EXPECT_EQ(told.steps(), (Steps{1, 4}));
  EXPECT_EQ(told.message(),
            "{task:1} makes memory accessible, with which 2052 KiB are mapped where at most 2 MiB "
            "were promised");
}

TEST(BudgetExceeded, AsMuchAsWasPromisedIsFine) {
  EXPECT_TRUE(promised(2 * mib).map(1, region, mib).map(2, region + mib, mib).ends().silent());
  EXPECT_TRUE(promised(mib).map(1, region, mib).unmap(1, region, mib).map(2, region, mib).silent());
}

TEST(BudgetExceeded, EveryInstantCounts) {
  EXPECT_EQ(promised(mib)
                .map(1, region, mib)
                .map(2, region + mib, mib)
                .unmap(2, region + mib, mib)
                .rule(),
            rule);
}

TEST(BudgetExceeded, ReservationsDoNotCountUntilTheyAreAccessible) {
  auto told = promised(mib);
  told.map(0, region, 64 * mib, 0).protect(1, region, mib, 3);
  EXPECT_TRUE(told.silent());
  told.protect(1, region, mib, 1);  // still accessible, still one MiB
  EXPECT_TRUE(told.silent());
  EXPECT_EQ(told.protect(1, region + mib, 4096, 3).rule(), rule);
}

TEST(BudgetExceeded, WhatIsMadeInaccessibleIsGivenBack) {
  EXPECT_TRUE(promised(mib)
                  .map(0, region, mib)
                  .protect(0, region, mib, 0)
                  .map(1, region + mib, mib)
                  .silent());
  EXPECT_TRUE(
      promised(mib).map(0, region, mib).map(0, region, mib, 0).map(1, region + mib, mib).silent());
}

TEST(BudgetExceeded, NothingIsCountedTwice) {
  EXPECT_TRUE(
      promised(mib).map(0, region, mib).map(0, region, mib).protect(0, region, mib, 3).silent());
  EXPECT_EQ(promised(mib).map(0, region, mib).map(0, region + 512 * kib, mib).rule(), rule);
  EXPECT_TRUE(promised(2 * mib)
                  .map(0, region, mib)
                  .map(0, region + 512 * kib, mib)
                  .map(0, region + 2 * mib, 512 * kib)
                  .silent());
}

TEST(BudgetExceeded, PartsAreCountedAsParts) {
  auto told = promised(mib);
  told.map(0, region, mib).unmap(0, region + 256 * kib, 256 * kib).map(0, region + mib, 256 * kib);
  EXPECT_TRUE(told.silent());
  told.unmap(0, region, 4 * mib).map(0, region, mib);
  EXPECT_TRUE(told.silent());
  EXPECT_EQ(told.map(0, region + mib, 1).rule(), rule);
}

TEST(BudgetExceeded, WhatWasMappedBeforeThePromiseIsThePoolsOwnBusiness) {
  EXPECT_TRUE(
      story().map(0, region, 64 * mib).budget(0, mib).map(0, region + 64 * mib, mib).silent());
  EXPECT_TRUE(story()
                  .map(0, region, 64 * mib)
                  .budget(0, mib)
                  .protect(0, region, mib, 1)
                  .unmap(0, region, mib)
                  .silent());
  // Mapped over, it is something new.
  EXPECT_EQ(story().map(0, region, 64 * mib).budget(0, mib).map(0, region, 2 * mib).rule(), rule);
}

TEST(BudgetExceeded, WithoutAPromiseThereIsNoRule) {
  EXPECT_TRUE(story().map(0, region, 1024 * mib).ends().silent());
}

TEST(BudgetExceeded, SeveralPoolsTogether) {
  EXPECT_TRUE(story().budget(0, mib).budget(0, mib, pool + 8).map(0, region, 2 * mib).silent());
  const Story told =
      std::move(story().budget(0, mib).budget(0, mib, pool + 8).map(0, region, 3 * mib));
  EXPECT_NE(told.message().find("at most 2 MiB were promised by 2 pools together"),
            std::string::npos)
      << told.message();
}

TEST(BudgetExceeded, APromiseCanBeChanged) {
  EXPECT_TRUE(promised(mib).budget(0, 2 * mib).map(0, region, 2 * mib).silent());
  EXPECT_EQ(promised(2 * mib).map(0, region, 2 * mib).budget(0, mib).steps(), (Steps{3, 3}));
}

TEST(BudgetExceeded, AFailedCallMapsNothing) {
  EXPECT_TRUE(promised(mib).failed(Op::map, 0, region, 2 * mib, 3).map(0, region, mib).silent());
  EXPECT_EQ(promised(mib)
                .map(0, region, mib)
                .failed(Op::unmap, 0, region, mib)
                .map(0, region + mib, mib)
                .rule(),
            rule);
}

TEST(BudgetExceeded, AnEmptyBudgetAllowsNothing) {
  EXPECT_EQ(promised(0).map(0, region, 1).rule(), rule);
  EXPECT_TRUE(promised(0).map(0, region, mib, 0).silent());
}

TEST(BudgetExceeded, ForgetsTheLastExecution) {
  EXPECT_TRUE(promised(mib)
                  .map(0, region, mib)
                  .begin()
                  .map(0, region + 8 * mib, 2 * mib)
                  .budget(0, mib)
                  .map(0, region, mib)
                  .silent());
}

}  // namespace
}  // namespace harness
