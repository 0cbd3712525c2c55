// Core's construction, and its counts: what it claims without stopping anybody, and what a walk
// over everything finds. Included where Core is instantiated.
#pragma once

#include <algorithm>

#include "allocator/claimed/core.hpp"
#include "allocator/virtual_memory.hpp"

namespace allocator::claimed {

template <Shape shape, Defects defects>
Core<shape, defects>::Core(const Options& options)
    : plan_(plan(options, scaled_regions, shape.growth_slices)),
      id_(next_pool_id()),
      budget_(plan_.budget_bytes),
      layout_(shape, plan_.region_bytes, plan_.budget_bytes,
              Layout::wanted_stride(plan_.region_bytes, plan_.budget_bytes)) {
  std::error_code error;
  std::size_t stride = Layout::wanted_stride(plan_.region_bytes, plan_.budget_bytes);
  while (!reserve(error)) {
    stride /= 2;
    layout_ = Layout(shape, plan_.region_bytes, plan_.budget_bytes, stride);
    if (layout_.reserved_bytes() == 0) {
      throw OutOfMemory("the system refused the addresses a pool needs: " + error.message());
    }
  }
}

template <Shape shape, Defects defects>
Core<shape, defects>::~Core() {
  // Nobody is left to tell of a failure; what cannot be unmapped stays until the process ends.
  if (reservation_ != nullptr) {
    static_cast<void>(plan_.memory->release(reservation_, layout_.reserved_bytes()));
  }
}

// Addresses and descriptors, both or none.
template <Shape shape, Defects defects>
bool Core<shape, defects>::reserve(std::error_code& error) {
  if (!allocate_descriptors()) {
    error = std::make_error_code(std::errc::not_enough_memory);
    return false;
  }
  const std::size_t bytes = layout_.reserved_bytes();
  if (bytes == 0) return true;  // no class can have a region: every request will be told so
  reservation_ = plan_.memory->reserve(bytes, error);
  if (reservation_ == nullptr) return false;
  layout_.put_at(reservation_);
  return true;
}

// One zeroed block for all. The C library takes a large one fresh from the system, so descriptors
// of regions that are never mapped cost addresses only. Each class has one word at least, for the
// hint of a thread that was never here.
template <Shape shape, Defects defects>
bool Core<shape, defects>::allocate_descriptors() {
  std::size_t words = 0;
  std::size_t groups = 0;
  for (std::size_t i = 0; i < shape.classes; ++i) {
    words += std::max<std::size_t>(1, layout_.of(i).words());
    groups += Summary::groups(layout_.of(i).words()) + Summary::groups(layout_.of(i).regions);
  }
  const std::size_t bytes = (words + 1) * sizeof(Word) + groups * sizeof(std::uint64_t);
  descriptor_memory_.reset(static_cast<std::byte*>(std::calloc(1, bytes)));
  if (descriptor_memory_ == nullptr) return false;
  void* aligned = descriptor_memory_.get();
  std::size_t space = bytes;
  std::align(alignof(Word), words * sizeof(Word), aligned, space);
  Word* next_word = static_cast<Word*>(aligned);
  auto* next_group = reinterpret_cast<std::uint64_t*>(next_word + words);
  for (std::size_t i = 0; i < shape.classes; ++i) {
    const ClassLayout& layout = layout_.of(i);
    Descriptors& descriptors = descriptors_[i];
    descriptors.words = next_word;
    next_word += std::max<std::size_t>(1, layout.words());
    descriptors.summary = Summary(next_group, descriptors.words);
    next_group += Summary::groups(layout.words());
    descriptors.mapped = next_group;
    next_group += Summary::groups(layout.regions);
  }
  return true;
}

template <Shape shape, Defects defects>
Statistics Core<shape, defects>::statistics() const {
  Statistics said;
  said.mapped_bytes = budget_.charged_bytes();
  for (std::size_t i = 0; i < shape.classes; ++i) {
    const ClassLayout& layout = layout_.of(i);
    const std::size_t end = descriptors_[i].words_end.load(std::memory_order_relaxed);
    for (std::size_t word = 0; word < end; ++word) {
      const Word::Count count = descriptors_[i].words[word].count();
      if (!count.open) continue;
      const auto free = static_cast<std::size_t>(std::popcount(count.free));
      said.regions += word == layout.first_word(layout.region_of(word)) ? 1 : 0;
      said.free_slices[i] += free;
      said.slices_out += static_cast<std::size_t>(std::popcount(layout.all_of(word))) - free;
    }
  }
  return said;
}

template <Shape shape, Defects defects>
Statistics Core<shape, defects>::recount() const {
  const std::lock_guard no_sweeps(sweeping_);
  const std::lock_guard no_growth(growing_);
  Statistics counted;
  for (std::size_t i = 0; i < shape.classes; ++i) {
    const ClassLayout& layout = layout_.of(i);
    any_mapped(i, [&](std::size_t region) {
      ++counted.regions;
      counted.mapped_bytes += layout.region_bytes;
      std::size_t free = 0;
      for (std::size_t word = 0; word < layout.used_words; ++word) {
        const Word& at = descriptors_[i].words[layout.first_word(region) + word];
        free += static_cast<std::size_t>(std::popcount(at.count().free));
      }
      counted.free_slices[i] += free;
      counted.slices_out += layout.slices - free;
      return false;
    });
  }
  return counted;
}

template <Shape shape, Defects defects>
std::string Core<shape, defects>::verify() const {
  const std::lock_guard no_sweeps(sweeping_);
  const std::lock_guard no_growth(growing_);
  std::size_t mapped_bytes = 0;
  std::string wrong;
  for (std::size_t i = 0; i < shape.classes; ++i) {
    const std::size_t end = descriptors_[i].words_end.load(std::memory_order_relaxed);
    for (std::size_t region = 0; region < layout_.of(i).region_of(end); ++region) {
      const bool mapped = (descriptors_[i].mapped[region / 64] >> (region % 64) & 1) != 0;
      if (mapped) mapped_bytes += layout_.of(i).region_bytes;
      if (wrong.empty()) wrong = inconsistency_of(i, region);
    }
  }
  if (!wrong.empty()) return wrong;
  if (mapped_bytes != budget_.charged_bytes()) {
    return "regions of " + std::to_string(mapped_bytes) + " bytes are mapped, " +
           std::to_string(budget_.charged_bytes()) + " are charged";
  }
  return {};
}

template <Shape shape, Defects defects>
std::string Core<shape, defects>::inconsistency_of(std::size_t size_class,
                                                   std::size_t region) const {
  const Descriptors& descriptors = descriptors_[size_class];
  const ClassLayout& layout = layout_.of(size_class);
  const bool mapped = (descriptors.mapped[region / 64] >> (region % 64) & 1) != 0;
  const std::size_t first = layout.first_word(region);
  for (std::size_t word = first; word < first + layout.used_words; ++word) {
    const char* wrong = nullptr;
    const Word& at = descriptors.words[word];
    if (at.count().open != mapped) {
      wrong =
          mapped ? " is closed in a region that is mapped" : " is open without memory behind it";
    } else if ((at.count().free & ~layout.all_of(word)) != 0) {
      wrong = " has free slices that do not exist";
    } else if (at.may_be_claimed() && !descriptors.summary.marked(word)) {
      wrong = " has free slices that the summary does not show";
    } else if (at.count().open && closed_ && at.may_be_claimed()) {
      wrong = " gives slices out in a closed pool";
    }
    if (wrong == nullptr) continue;
    return "class of " + std::to_string(size_classes[size_class]) + " bytes, region " +
           std::to_string(region) + ": word " + std::to_string(word - first) + wrong;
  }
  return {};
}

}  // namespace allocator::claimed
