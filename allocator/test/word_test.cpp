// The word, the summary and the layout of `claimed`, each alone.
#include "allocator/claimed/word.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

#include "allocator/claimed/layout.hpp"
#include "allocator/claimed/summary.hpp"

namespace {

using allocator::PerClass;
using allocator::Released;
using allocator::size_classes;
using allocator::claimed::ClassLayout;
using allocator::claimed::Layout;
using allocator::claimed::Place;
using allocator::claimed::shipped_shape;
using allocator::claimed::Summary;
using allocator::claimed::Word;

TEST(Word, ClaimPutClose) {
  Word word{};
  EXPECT_EQ(word.try_claim(), Word::none);  // all zero: closed
  word.open(0b110);
  EXPECT_EQ(word.try_claim(), 1);
  EXPECT_EQ(word.try_claim(), 2);
  EXPECT_EQ(word.try_claim(), Word::none);
  const Word::Put first = word.put(2);
  EXPECT_EQ(first.result, Released::ok);
  EXPECT_TRUE(first.first);
  EXPECT_EQ(first.after, 0b100u);
  EXPECT_EQ(word.put(2).result, Released::double_release);
  EXPECT_FALSE(word.close_if_unused(0b110));
  EXPECT_FALSE(word.put(1).first);
  EXPECT_TRUE(word.close_if_unused(0b110));
  EXPECT_FALSE(word.close_if_unused(0b110));
  EXPECT_EQ(word.put(1).result, Released::closed);
  EXPECT_EQ(word.try_claim(), Word::none);
  EXPECT_FALSE(word.count().open);
}

TEST(Word, ReopensAsItWas) {
  Word word{};
  word.open(0xffffffff);
  ASSERT_TRUE(word.close_if_unused(0xffffffff));
  word.reopen(0xffffffff);
  EXPECT_EQ(word.count().free, 0xffffffffu);
  EXPECT_EQ(word.try_claim(), 0);
}

TEST(Word, ADrainingWordGivesNothingOut) {
  Word word{};
  word.open(0b11);
  EXPECT_EQ(word.try_claim(), 0);
  word.drain();
  EXPECT_EQ(word.try_claim(), Word::none);
  EXPECT_FALSE(word.may_be_claimed());
  const Word::Put last = word.put(0);
  EXPECT_TRUE(last.draining);
  EXPECT_EQ(last.after, 0b11u);
  EXPECT_EQ(word.put(0).result, Released::double_release);
  EXPECT_TRUE(word.close_if_unused(0b11));
  word.reopen(0b11);
  EXPECT_EQ(word.try_claim(), Word::none);
  EXPECT_TRUE(word.close_if_unused(0b11));
  word.open(0b11);
  EXPECT_EQ(word.try_claim(), 0);
}

TEST(Summary, ABitStaysWhereThereIsSomethingToClaim) {
  std::array<Word, 130> words{};
  std::array<std::uint64_t, 3> bits{};
  Summary summary(bits.data(), words.data());
  EXPECT_EQ(Summary::groups(130), 3u);
  EXPECT_FALSE(summary.any(130));
  words[129].open(1);
  summary.mark(129);
  EXPECT_EQ(summary.group(2), 2u);
  EXPECT_TRUE(summary.any(130));
  summary.settle(129);
  EXPECT_EQ(summary.group(2), 2u);
  EXPECT_EQ(words[129].try_claim(), 0);
  summary.settle(129);
  EXPECT_FALSE(summary.any(130));
  summary.settle(5);
  EXPECT_FALSE(summary.any(130));
}

PerClass regions_of(std::size_t bytes) {
  PerClass regions{};
  for (std::size_t i = 0; i < regions.size(); ++i) {
    regions[i] = (bytes + size_classes[i] - 1) / size_classes[i] * size_classes[i];
  }
  return regions;
}

// Every slice of every class: its address leads back to it, no two share one, and the one after the
// last of a region is not there.
TEST(Layout, AddressesLeadBackToTheirSlices) {
  for (const std::size_t bytes : {std::size_t{4096}, std::size_t{12288}, std::size_t{139264},
                                  std::size_t{262144}, std::size_t{1} << 20}) {
    const PerClass regions = regions_of(bytes);
    const std::size_t budget = 3 << 20;
    Layout layout(shipped_shape, regions, budget, Layout::wanted_stride(regions, budget));
    auto* const reserved = reinterpret_cast<std::byte*>(std::uintptr_t{0x7000'0000'1000});
    layout.put_at(reserved);
    std::map<const std::byte*, std::size_t> seen;
    for (std::size_t c = 0; c < size_classes.size(); ++c) {
      const ClassLayout& of = layout.of(c);
      ASSERT_EQ(of.regions, budget / regions[c]);
      for (std::size_t region = 0; region < of.regions; ++region) {
        std::size_t slices = 0;
        for (std::size_t w = of.first_word(region); w < of.first_word(region) + of.used_words;
             ++w) {
          ASSERT_EQ(of.region_of(w), region);
          for (unsigned s = 0; s < Word::most_slices; ++s) {
            if ((of.all_of(w) >> s & 1) == 0) continue;
            const std::byte* address = layout.slice(c, w, s);
            ASSERT_EQ(reinterpret_cast<std::uintptr_t>(address) % size_classes[c], 0u);
            ASSERT_EQ(address, layout.region(c, region) + slices * size_classes[c]);
            ASSERT_GE(address, reserved);
            ASSERT_LE(address + size_classes[c], reserved + layout.reserved_bytes());
            ASSERT_TRUE(seen.emplace(address, size_classes[c]).second);
            const Place place = layout.locate(address);
            ASSERT_EQ(place.result, Released::ok);
            ASSERT_EQ(place.size_class, c);
            ASSERT_EQ(place.word, w);
            ASSERT_EQ(place.slice, s);
            ASSERT_EQ(layout.locate(address + 1).result, Released::misaligned);
            ++slices;
          }
        }
        ASSERT_EQ(slices, of.slices);
      }
      const std::byte* end = layout.region(c, of.regions == 0 ? 0 : of.regions - 1) + regions[c];
      EXPECT_NE(layout.locate(end).size_class == c ? layout.locate(end).result : Released::foreign,
                Released::ok);
    }
    const std::byte* previous_end = nullptr;
    for (const auto& [address, size] : seen) {
      ASSERT_LE(previous_end, address);
      previous_end = address + size;
    }
    EXPECT_EQ(layout.locate(nullptr).result, Released::foreign);
    EXPECT_EQ(layout.locate(reserved + layout.reserved_bytes()).result, Released::foreign);
  }
}

TEST(Layout, NothingToReserveWhereNoRegionFits) {
  const PerClass regions = regions_of(1 << 20);
  Layout layout(shipped_shape, regions, 4096, Layout::wanted_stride(regions, 4096));
  EXPECT_EQ(layout.reserved_bytes(), 0u);
  EXPECT_EQ(layout.locate(nullptr).result, Released::foreign);
}

TEST(Layout, AHugeBudgetIsHeldWithinTheAddressesOfAProcess) {
  const PerClass regions = regions_of(1 << 20);
  const std::size_t budget = ~std::size_t{0};
  const std::size_t stride = Layout::wanted_stride(regions, budget);
  EXPECT_EQ(stride, std::size_t{1} << 40);
  EXPECT_EQ(Layout(shipped_shape, regions, budget, stride).of(0).regions, std::size_t{1} << 20);
}

}  // namespace
