#include "harness/engine/plain_points.hpp"

#include <algorithm>

namespace harness {

void SharedPoints::start_with(std::span<const std::uint32_t> points) {
  if (count.load() != 0) return;
  const std::size_t room = std::min<std::size_t>(points.size(), capacity);
  std::copy_n(points.begin(), room, places.begin());
  count.store(static_cast<std::uint32_t>(room));
}

void PlainPoints::begin(bool all) {
  const std::uint32_t learned = std::min(shared_->count.load(std::memory_order_relaxed), SharedPoints::capacity);
  for (; count_ < learned; ++count_) {
    const std::uint32_t place = shared_->places[count_];
    std::size_t slot = place % slots;
    while (slots_[slot] != 0) slot = (slot + 1) % slots;
    slots_[slot] = place;
    filter_ |= std::uint64_t{1} << (place & 63);
  }
  if (all) filter_ = ~std::uint64_t{0};
  all_ = all;
}

bool PlainPoints::was_learned(std::uintptr_t where) const {
  const auto place = static_cast<std::uint32_t>(where);
  for (std::size_t slot = place % slots; slots_[slot] != 0; slot = (slot + 1) % slots)
    if (slots_[slot] == place) return true;
  return false;
}

bool PlainPoints::learn(std::uint32_t place) {
  const std::uint32_t learned = shared_->count.load(std::memory_order_relaxed);
  const auto end = shared_->places.begin() + std::min(learned, SharedPoints::capacity);
  if (place == 0 || learned >= SharedPoints::capacity) return false;
  if (std::find(shared_->places.begin(), end, place) != end) return false;
  *end = place;
  shared_->count.store(learned + 1, std::memory_order_release);
  return true;
}

}  // namespace harness
