// Core's construction, and its counts: what it claims without stopping anybody, and what a walk
// over everything finds. Included where Core is instantiated.
#pragma once

#include <algorithm>

#include "allocator/claimed/core.hpp"

namespace allocator::claimed {

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
  said.cached_slices = std::min(cached_slices(), said.slices_out);
  said.slices_out -= said.cached_slices;
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
  counted.cached_slices = std::min(cached_slices(), counted.slices_out);
  counted.slices_out -= counted.cached_slices;
  return counted;
}

template <Shape shape, Defects defects>
Activity Core<shape, defects>::activity() const {
  const std::lock_guard no_sweeps(sweeping_);
  const std::lock_guard no_growth(growing_);
  Activity both = opened_;
  both.closes_rolled_back = swept_.closes_rolled_back;
  both.caches_drained = swept_.caches_drained;
  return both;
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
