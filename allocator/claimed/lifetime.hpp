// Core's beginning and end, and what it does around fork(). Included where Core is instantiated.
#pragma once

#include <algorithm>
#include <memory>

#include "allocator/claimed/core.hpp"
#include "allocator/claimed/guard.hpp"
#include "allocator/virtual_memory.hpp"

namespace allocator::claimed {

template <Shape shape, Defects defects>
Core<shape, defects>::Core(const Options& options, std::size_t own_cached_slices)
    : plan_(plan(options, scaled_regions, shape.growth_slices)),
      id_(next_pool_id()),
      cached_slices_(options.cached_slices == Options::own_cached_slices ? own_cached_slices
                                                                         : options.cached_slices),
      noting_(plan_.check == Check::sequential && cached_slices_ != 0),
      guided_(plan_.check == Check::exact || plan_.zero == Zero::always ||
              plan_.zero == Zero::on_release || memory_is_checked()),
      checked_(noting_ || guided_),
      budget_(plan_.budget_bytes),
      layout_(shape, plan_.region_bytes, plan_.largest_budget_bytes,
              Layout::wanted_stride(plan_.region_bytes, plan_.largest_budget_bytes)) {
  std::error_code error;
  std::size_t stride = Layout::wanted_stride(plan_.region_bytes, plan_.largest_budget_bytes);
  while (!reserve(error)) {
    stride /= 2;
    layout_ = Layout(shape, plan_.region_bytes, plan_.largest_budget_bytes, stride);
    if (layout_.reserved_bytes() == 0) {
      throw OutOfMemory("the system refused the addresses a pool needs: " + error.message(),
                        {Shortage::address_space, 0, plan_.budget_bytes, 0, 0});
    }
  }
  guard_pool(this);
  enter_fork_list();
}

template <Shape shape, Defects defects>
Core<shape, defects>::~Core() {
  leave_fork_list();
  forget_pool(this);
  give_reservation_back();
}

// Nobody is left to tell of a failure; what cannot be unmapped stays until the process ends.
template <Shape shape, Defects defects>
void Core<shape, defects>::give_reservation_back() {
  if (reservation_ == nullptr) return;
  for (std::size_t i = 0; i < shape.classes; ++i) {
    any_mapped(i, [&](std::size_t region) {
      expose_memory(layout_.region(i, region), layout_.of(i).region_bytes);
      return false;
    });
  }
  static_cast<void>(plan_.memory->release(reservation_, layout_.reserved_bytes()));
  reservation_ = nullptr;
}

// Slices that are out keep their memory, and the Core itself stays for good (a few KiB, reachable
// from the list for fork()): of several threads that bring the last slices, one dissolves it while
// the others may be about to take its lock.
template <Shape shape, Defects defects>
bool Core<shape, defects>::abandon() {
  try {
    close();
  } catch (const std::system_error&) {  // goes with the reservation, then
  }
  const Urgent no_sweeps(*this);
  --users_;
  abandoned_ = users_ != 0 || statistics().slices_out != 0;
  return !abandoned_;
}

// With sweeping_ held.
template <Shape shape, Defects defects>
void Core<shape, defects>::dissolve_if_done() {
  if (users_ != 0 || statistics().slices_out != 0) return;
  const std::lock_guard hold(growing_);
  give_reservation_back();
}

template <Shape shape, Defects defects>
void Core<shape, defects>::before_fork() {
  sweeping_.lock();
  growing_.lock();
  registering_.lock();
}

// The child has one thread. What others held stays handed out; what they were just about to do is
// made good: operations on their caches that were under way, slices put back but not yet shown.
template <Shape shape, Defects defects>
void Core<shape, defects>::after_fork(bool in_child) {
  if (in_child) {
    urgent_.store(0, std::memory_order_relaxed);
    for (const Registered& cache : caches_) cache.magazines->forget_worker();
    for (std::size_t i = 0; reservation_ != nullptr && i < shape.classes; ++i) {
      Descriptors& descriptors = descriptors_[i];
      const std::size_t end = descriptors.words_end.load(std::memory_order_relaxed);
      for (std::size_t word = 0; word < end; ++word) {
        if (descriptors.words[word].may_be_claimed()) descriptors.summary.mark(word);
      }
    }
  }
  registering_.unlock();
  growing_.unlock();
  sweeping_.unlock();
}

// Addresses and descriptors, both or none.
template <Shape shape, Defects defects>
bool Core<shape, defects>::reserve(std::error_code& error) {
  if (!allocate_descriptors() || !allocate_tickets()) {
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

template <Shape shape, Defects defects>
bool Core<shape, defects>::allocate_tickets() {
  if (plan_.check != Check::exact) return true;
  std::size_t places = 0;
  for (std::size_t i = 0; i < shape.classes; ++i) places += layout_.places(i);
  tickets_.reset(static_cast<std::uint32_t*>(
      std::calloc(std::max<std::size_t>(1, places), sizeof(std::uint32_t))));
  std::uint32_t* next = tickets_.get();
  for (std::size_t i = 0; i < shape.classes && next != nullptr; ++i) {
    class_tickets_[i] = next;
    next += layout_.places(i);
  }
  return tickets_ != nullptr;
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

}  // namespace allocator::claimed
