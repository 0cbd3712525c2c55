// Computes the layout once for each pool; every later question is a few shifts.
#include "allocator/claimed/layout.hpp"

#include <algorithm>
#include <bit>

namespace allocator::claimed {
namespace {

// 1 TiB for a class: seven of them fit many times into the 128 TiB of a process.
constexpr std::size_t largest_stride = std::size_t{1} << 40;

unsigned log2_of(std::size_t power_of_two) {
  return static_cast<unsigned>(std::countr_zero(power_of_two));
}

}  // namespace

std::uint32_t ClassLayout::all_of(std::size_t word) const {
  const std::size_t before = (word - first_word(region_of(word))) << word_shift;
  const std::size_t here = std::min(std::size_t{1} << word_shift, slices - before);
  return static_cast<std::uint32_t>((std::uint64_t{1} << here) - 1);
}

std::size_t Layout::wanted_stride(const PerClass& region_bytes, std::size_t budget_bytes) {
  std::size_t wanted = smallest_stride;
  for (const std::size_t bytes : region_bytes) {
    const std::size_t distance = std::bit_ceil(bytes);
    const std::size_t regions = std::min(budget_bytes / bytes, largest_stride / distance);
    wanted = std::max(wanted, regions * distance);
  }
  return std::bit_ceil(wanted);
}

Layout::Layout(const Shape& shape, const PerClass& region_bytes, std::size_t budget_bytes,
               std::size_t stride_bytes)
    : stride_shift_(log2_of(stride_bytes)) {
  for (std::size_t i = 0; i < shape.classes; ++i) {
    ClassLayout& layout = classes_[i];
    layout.region_bytes = region_bytes[i];
    layout.slices = region_bytes[i] / size_classes[i];
    const std::size_t places = std::bit_ceil(layout.slices);
    layout.slice_shift = log2_of(size_classes[i]);
    layout.word_shift = log2_of(std::min<std::size_t>(places, shape.word_slices));
    layout.region_shift = layout.slice_shift + log2_of(places);
    layout.region_words_shift = log2_of(places >> layout.word_shift);
    layout.used_words =
        (layout.slices + (std::size_t{1} << layout.word_shift) - 1) >> layout.word_shift;
    layout.regions = std::min(budget_bytes / region_bytes[i], stride_bytes >> layout.region_shift);
  }
}

std::size_t Layout::reserved_bytes() const {
  const bool any = std::any_of(classes_.begin(), classes_.end(),
                               [](const ClassLayout& layout) { return layout.regions != 0; });
  return any ? (size_classes.size() << stride_shift_) + size_classes.back() : 0;
}

void Layout::put_at(std::byte* reserved) {
  const std::size_t past = reinterpret_cast<std::uintptr_t>(reserved) % size_classes.back();
  base_ = reserved + (past == 0 ? 0 : size_classes.back() - past);
}

void Layout::tell_addresses(detail::Magazines& cache) const {
  cache.set_addresses(base_, stride_shift_);
  for (std::size_t i = 0; i < size_classes.size(); ++i) {
    const ClassLayout& layout = classes_[i];
    const bool gaps = layout.region_bytes != std::size_t{1} << layout.region_shift;
    if (gaps || layout.regions == 0) continue;
    cache.set_end(i, (i << stride_shift_) + (layout.regions << layout.region_shift));
  }
}

}  // namespace allocator::claimed
