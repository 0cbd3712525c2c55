// What an observed pool tells the harness, in which order, and that it objects where it should. The
// observations are caught here, in the harness's place.
#include "scenarios/observed_pool.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/page.hpp"

namespace {

std::vector<harness_observation> observed_so_far;

}  // namespace

extern "C" void harness_observe(const harness_observation* observation) {
  observed_so_far.push_back(*observation);
}

namespace {

using allocator::Released;
using scenarios::kib;
using scenarios::page;

// A pool of one slice that does as it is told.
class Obedient final : public allocator::Pool {
 public:
  allocator::Slice allocate(std::size_t) override {
    if (refuses) throw allocator::OutOfMemory("told so");
    return {memory.data(), memory.size()};
  }
  Released release(allocator::Slice) override { return answer; }
  std::size_t free_unused_regions() override { return 7; }
  void close() override {}
  allocator::Statistics statistics() const override { return said; }
  allocator::Statistics recount() const override { return counted; }
  std::size_t budget_bytes() const override { return 64 * kib; }

  bool refuses = false;
  Released answer = Released::ok;
  allocator::Statistics said, counted;
  alignas(8) std::array<std::byte, page> memory{};
};

class ObservedPoolTest : public testing::Test {
 protected:
  ObservedPoolTest() {
    observed_so_far.clear();
    auto inner = std::make_unique<Obedient>();
    inner_ = inner.get();
    pool_ = std::make_unique<scenarios::ObservedPool>(std::move(inner));
  }

  static std::vector<harness_observation_kind> kinds() {
    std::vector<harness_observation_kind> result;
    for (const auto& observation : observed_so_far) result.push_back(observation.kind);
    return result;
  }

  // The labels of the accounts that do not agree.
  static std::vector<std::string> drifted() {
    std::vector<std::string> result;
    for (const auto& o : observed_so_far) {
      if (o.kind == HARNESS_COUNTED && o.value != o.expected) result.emplace_back(o.label);
    }
    return result;
  }

  Obedient* inner_ = nullptr;
  std::unique_ptr<scenarios::ObservedPool> pool_;
};

TEST_F(ObservedPoolTest, TellsTheLifeOfASlice) {
  const allocator::Slice slice = pool_->allocate(1);
  EXPECT_EQ(pool_->release(slice), Released::ok);
  pool_->close();

  ASSERT_EQ(kinds(), (std::vector{HARNESS_BUDGET, HARNESS_ASKED, HARNESS_GIVEN, HARNESS_RETURNING,
                                  HARNESS_RETURNED, HARNESS_CLOSED}));
  EXPECT_EQ(observed_so_far[0].object, pool_.get());
  EXPECT_EQ(observed_so_far[0].value, 64 * kib);
  EXPECT_EQ(observed_so_far[1].object, pool_.get());
  EXPECT_EQ(observed_so_far[2].object, slice.data());
  EXPECT_EQ(observed_so_far[2].bytes, page);
  EXPECT_EQ(observed_so_far[2].value, reinterpret_cast<std::uintptr_t>(pool_.get()));
  EXPECT_EQ(observed_so_far[3].object, slice.data());
  EXPECT_EQ(observed_so_far[4].object, slice.data());
  EXPECT_EQ(observed_so_far[4].value, 1u);
  EXPECT_EQ(observed_so_far[5].object, pool_.get());
  EXPECT_EQ(observed_so_far[5].bytes, 0u) << "a pool, not a range";
}

TEST_F(ObservedPoolTest, ARefusedRequestIsAskedButNotGiven) {
  inner_->refuses = true;
  EXPECT_THROW(pool_->allocate(1), allocator::OutOfMemory);
  EXPECT_EQ(kinds(), (std::vector{HARNESS_BUDGET, HARNESS_ASKED}));
}

TEST_F(ObservedPoolTest, ARefusedReleaseIsToldAsRefusedWhateverTheReason) {
  for (const Released answer :
       {Released::double_release, Released::foreign, Released::misaligned, Released::closed}) {
    inner_->answer = answer;
    EXPECT_EQ(pool_->release({inner_->memory.data(), page}), answer);
    EXPECT_EQ(observed_so_far.back().kind, HARNESS_RETURNED);
    EXPECT_EQ(observed_so_far.back().value, 0u);
  }
}

TEST_F(ObservedPoolTest, HandsTheOtherCallsThrough) {
  inner_->said.regions = 3;
  inner_->counted.regions = 4;
  EXPECT_EQ(pool_->free_unused_regions(), 7u);
  EXPECT_EQ(pool_->statistics().regions, 3u);
  EXPECT_EQ(pool_->recount().regions, 4u);
  EXPECT_EQ(pool_->budget_bytes(), 64 * kib);
  EXPECT_EQ(kinds(), (std::vector{HARNESS_BUDGET}));
}

TEST_F(ObservedPoolTest, AccountsThatAgreeAreSilent) {
  inner_->said.regions = 2;
  inner_->said.mapped_bytes = 64 * kib;
  inner_->said.free_slices[3] = 5;
  inner_->said.slices_out = 1;
  inner_->counted = inner_->said;
  pool_->check_accounts(1);
  EXPECT_EQ(kinds(), (std::vector{HARNESS_BUDGET})) << "figures that agree are not worth a word";
}

TEST_F(ObservedPoolTest, EveryFigureThatDriftsIsNamed) {
  inner_->counted.regions = 1;
  pool_->check_accounts(0);
  EXPECT_EQ(drifted(), std::vector<std::string>{"regions"});

  inner_->counted = {};
  inner_->counted.mapped_bytes = 1;
  observed_so_far.clear();
  pool_->check_accounts(0);
  EXPECT_EQ(drifted(), std::vector<std::string>{"mapped bytes"});

  for (std::size_t i = 0; i < allocator::size_classes.size(); ++i) {
    inner_->counted = {};
    inner_->counted.free_slices[i] = 1;
    observed_so_far.clear();
    pool_->check_accounts(0);
    const std::string kibibytes = std::to_string(allocator::size_classes[i] / kib);
    EXPECT_EQ(drifted(), std::vector{"free slices of " + kibibytes + " KiB"});
  }

  inner_->counted = {};
  inner_->counted.slices_out = 1;
  observed_so_far.clear();
  pool_->check_accounts(0);
  EXPECT_EQ(drifted(), std::vector<std::string>{"slices out"});
}

TEST_F(ObservedPoolTest, TheClientsCountIsCheckedEvenWhereThePoolAgreesWithItself) {
  inner_->said.slices_out = 1;
  inner_->counted.slices_out = 1;
  pool_->check_accounts(2);
  EXPECT_EQ(drifted(), std::vector<std::string>{"slices out, by the client's count"});
}

TEST(Observed, MakesThePoolOfTheNameAndKnowsNoOther) {
  observed_so_far.clear();
  for (const std::string_view variant : allocator::variants()) {
    const auto pool = scenarios::observed(variant, scenarios::small_pool);
    scenarios::borrow(*pool, page, 0x77);
    pool->check_accounts(0);
    pool->close();
    for (const auto& o : observed_so_far) {
      EXPECT_NE(o.kind, HARNESS_LOST) << variant;
      if (o.kind == HARNESS_COUNTED) {
        EXPECT_EQ(o.value, o.expected) << variant << ' ' << o.label;
      }
    }
  }
  EXPECT_THROW(scenarios::observed("clamied", scenarios::small_pool), std::invalid_argument);
}

TEST(Stamp, IsFoundAgainAndMissedWhereverOneWordDiffers) {
  alignas(8) std::array<std::byte, 2 * page> memory{};
  const allocator::Slice slice(memory.data(), memory.size());
  scenarios::stamp(slice, 0x1234);
  observed_so_far.clear();
  scenarios::check_stamp(slice, 0x1234);
  EXPECT_TRUE(observed_so_far.empty());

  for (std::uint64_t* word : scenarios::stamped_words(slice)) {
    *word = 0x99;
    observed_so_far.clear();
    scenarios::check_stamp(slice, 0x1234);
    ASSERT_EQ(observed_so_far.size(), 1u) << "once for a slice";
    EXPECT_EQ(observed_so_far[0].kind, HARNESS_LOST);
    EXPECT_EQ(observed_so_far[0].object, slice.data());
    EXPECT_EQ(observed_so_far[0].expected, 0x1234u);
    EXPECT_EQ(observed_so_far[0].value, 0x99u);
    *word = 0x1234;
  }
}

TEST(Stamp, StaysInsideTheSlice) {
  alignas(8) std::array<std::byte, 3 * page> memory{};
  const allocator::Slice middle(memory.data() + page, page);
  scenarios::stamp(middle, ~std::uint64_t{0});
  for (std::size_t i = 0; i < page; ++i) {
    ASSERT_EQ(memory[i], std::byte{0});
    ASSERT_EQ(memory[2 * page + i], std::byte{0});
  }
  EXPECT_EQ(memory[page], std::byte{0xff});
  EXPECT_EQ(memory[2 * page - 1], std::byte{0xff});
}

}  // namespace
