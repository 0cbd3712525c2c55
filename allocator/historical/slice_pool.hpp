// The free slices of one class: a double-ended queue, first in first out, and an atomic count of it
// that can be read without the lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "allocator/historical/region.hpp"

namespace allocator::historical {

class SlicePool {
 public:
  std::byte* poll();  // the slice that has waited longest; nullptr: empty
  void push(std::byte* slice);
  void push(const std::vector<std::byte*>& slices);
  void push_all(const Region& region);                       // every slice of it, in one step
  std::vector<std::byte*> remove_all(const Region& region);  // every slice of it that is here
  void clear();

  std::size_t size() const { return size_.load(); }  // the count
  std::size_t recount() const;                       // the queue itself

 private:
  std::deque<std::byte*>& queue();  // with the lock held

  mutable std::mutex lock_;
  // Made when first used: most pools use one or two of the seven classes.
  std::unique_ptr<std::deque<std::byte*>> queue_;
  // Changed with the lock held, so that it never runs ahead of the queue nor below zero.
  std::atomic<std::size_t> size_{0};
};

}  // namespace allocator::historical
