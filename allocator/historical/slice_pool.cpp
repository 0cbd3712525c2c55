// Queue and count change together, under one lock.
#include "allocator/historical/slice_pool.hpp"

#include <algorithm>

namespace allocator::historical {

std::deque<std::byte*>& SlicePool::queue() {
  if (queue_ == nullptr) queue_ = std::make_unique<std::deque<std::byte*>>();
  return *queue_;
}

std::byte* SlicePool::poll() {
  const std::lock_guard hold(lock_);
  if (queue_ == nullptr || queue_->empty()) return nullptr;
  std::byte* const slice = queue_->front();
  queue_->pop_front();
  --size_;
  return slice;
}

void SlicePool::push(std::byte* slice) {
  const std::lock_guard hold(lock_);
  queue().push_back(slice);
  ++size_;
}

void SlicePool::push(const std::vector<std::byte*>& slices) {
  const std::lock_guard hold(lock_);
  queue().insert(queue().end(), slices.begin(), slices.end());
  size_ += slices.size();
}

void SlicePool::push_all(const Region& region) {
  std::vector<std::byte*> slices(region.total_slices);
  for (std::size_t i = 0; i < slices.size(); ++i) {
    slices[i] = region.base + i * size_classes[region.size_class];
  }
  push(slices);
}

std::vector<std::byte*> SlicePool::remove_all(const Region& region) {
  const std::lock_guard hold(lock_);
  std::vector<std::byte*> removed;
  if (queue_ == nullptr) return removed;
  const auto inside = [&](const std::byte* slice) { return region.contains(slice); };
  std::copy_if(queue_->begin(), queue_->end(), std::back_inserter(removed), inside);
  std::erase_if(*queue_, inside);
  size_ -= removed.size();
  return removed;
}

void SlicePool::clear() {
  const std::lock_guard hold(lock_);
  queue_.reset();
  size_ = 0;
}

std::size_t SlicePool::recount() const {
  const std::lock_guard hold(lock_);
  return queue_ == nullptr ? 0 : queue_->size();
}

}  // namespace allocator::historical
