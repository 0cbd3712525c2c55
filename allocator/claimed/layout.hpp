// Where everything lies: all classes in one reservation, each class a stride of its own, regions
// and slices at power-of-two distances in it. So an address says its class, region, word and slice
// by shifts, without a look at memory; slices are aligned to their size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "allocator/claimed/shape.hpp"
#include "allocator/claimed/word.hpp"
#include "allocator/magazines.hpp"
#include "allocator/plan.hpp"
#include "allocator/slice.hpp"

namespace allocator::claimed {

struct ClassLayout {
  std::size_t region_bytes = 0;
  unsigned slice_shift = 0;   // log2 of the bytes of a slice
  unsigned word_shift = 0;    // log2 of the slices a word stands for
  unsigned region_shift = 0;  // log2 of the distance of two regions in bytes
  std::size_t regions = 0;    // as many as the budget could ever pay for, or as addresses there are
  std::size_t slices = 0;     // in a region
  std::size_t used_words = 0;       // of a region
  unsigned region_words_shift = 0;  // log2 of the distance of two regions in words

  std::size_t words() const { return regions << region_words_shift; }
  std::size_t first_word(std::size_t region) const { return region << region_words_shift; }
  std::size_t region_of(std::size_t word) const { return word >> region_words_shift; }
  // The slices that `word` has: a full word's, but in the last word of a region.
  std::uint32_t all_of(std::size_t word) const;
};

struct Place {
  Released result = Released::foreign;  // ok: the rest is valid
  std::size_t size_class = 0;
  std::size_t word = 0;  // of the class
  unsigned slice = 0;    // of the word
};

class Layout {
 public:
  // Class strides of at most `stride_bytes` (a power of two).
  Layout(const Shape& shape, const PerClass& region_bytes, std::size_t budget_bytes,
         std::size_t stride_bytes);

  // A stride that no class of the plan needs more than.
  static std::size_t wanted_stride(const PerClass& region_bytes, std::size_t budget_bytes);
  static constexpr std::size_t smallest_stride = size_classes.back();

  // Bytes to reserve so that an aligned base lies in them; 0 where no region fits in the budget.
  std::size_t reserved_bytes() const;
  void put_at(std::byte* reserved);

  const ClassLayout& of(std::size_t size_class) const { return classes_[size_class]; }
  std::byte* region(std::size_t size_class, std::size_t region) const {
    return base_ + (size_class << stride_shift_) + (region << classes_[size_class].region_shift);
  }
  std::byte* slice(std::size_t size_class, std::size_t word, unsigned slice) const {
    const ClassLayout& layout = classes_[size_class];
    const std::size_t number = (word << layout.word_shift) + slice;
    return base_ + (size_class << stride_shift_) + (number << layout.slice_shift);
  }
  // Of a slice among all places of its class.
  std::size_t number(std::size_t size_class, const std::byte* slice) const {
    const auto offset = static_cast<std::size_t>(slice - base_);
    return (offset - (size_class << stride_shift_)) >> classes_[size_class].slice_shift;
  }
  std::size_t places(std::size_t size_class) const {
    return classes_[size_class].words() << classes_[size_class].word_shift;
  }
  // Whether a region is mapped there is for the word to say. Inline: each release goes through
  // here.
  Place locate(const std::byte* address) const {
    // As numbers: the address may have nothing to do with our reservation. One below it wraps
    // round.
    const std::size_t offset =
        reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(base_);
    Place place;
    place.size_class = offset >> stride_shift_;
    if (place.size_class >= size_classes.size()) return place;
    const ClassLayout& layout = classes_[place.size_class];
    const std::size_t in_class = offset & ((std::size_t{1} << stride_shift_) - 1);
    const std::size_t in_region = in_class & ((std::size_t{1} << layout.region_shift) - 1);
    if ((in_class >> layout.region_shift) >= layout.regions) return place;
    if (in_region >= layout.region_bytes) return place;
    const std::size_t number = in_class >> layout.slice_shift;
    place.word = number >> layout.word_shift;
    place.slice = static_cast<unsigned>(number & ((std::size_t{1} << layout.word_shift) - 1));
    const bool inner = (in_class & ((std::size_t{1} << layout.slice_shift) - 1)) != 0;
    place.result = inner ? Released::misaligned : Released::ok;
    return place;
  }

  // For a cache that takes addresses without a look at the words: classes whose regions lie without
  // gaps between them.
  void tell_addresses(detail::Magazines& cache) const;

 private:
  std::byte* base_ = nullptr;
  unsigned stride_shift_;
  std::array<ClassLayout, size_classes.size()> classes_{};
};

}  // namespace allocator::claimed
