// The list of regions: everything under one lock.
#include "allocator/historical/region.hpp"

#include <algorithm>

namespace allocator::historical {

Region& RegionList::add(std::unique_ptr<Region> region) {
  const std::lock_guard hold(lock_);
  mapped_.reserve(mapped_.size() + 1);  // so that nothing throws between the two
  records_.push_back(std::move(region));
  mapped_.push_back(records_.back().get());
  return *mapped_.back();
}

void RegionList::publish(Region& region, const std::function<void()>& push) {
  const std::lock_guard hold(lock_);
  region.state = Region::State::live;
  push();
}

Region* RegionList::find(const std::byte* address) const {
  const std::lock_guard hold(lock_);
  const auto found = std::find_if(mapped_.begin(), mapped_.end(), [&](const Region* region) {
    return region->state == Region::State::live && region->contains(address);
  });
  return found == mapped_.end() ? nullptr : *found;
}

std::vector<Region*> RegionList::collect(const std::function<bool(const Region&)>& wanted) const {
  const std::lock_guard hold(lock_);
  std::vector<Region*> collected;
  for (Region* region : mapped_) {
    if (wanted(*region)) collected.push_back(region);
  }
  return collected;
}

bool RegionList::take(Region& region, Region::State from) {
  const std::lock_guard hold(lock_);
  if (region.state != from) return false;
  region.state = Region::State::taken;
  return true;
}

Region* RegionList::take_idle(std::size_t size_class) {
  const std::lock_guard hold(lock_);
  for (Region* region : mapped_) {
    if (region->state != Region::State::idle || region->size_class != size_class) continue;
    region->state = Region::State::taken;
    return region;
  }
  return nullptr;
}

void RegionList::put_aside(Region& region) {
  const std::lock_guard hold(lock_);
  region.state = Region::State::idle;
}

// The record stays in the state `taken`: whoever still holds a reference cannot free it again.
void RegionList::forget(Region& region) {
  const std::lock_guard hold(lock_);
  std::erase(mapped_, &region);
}

RegionList::Totals RegionList::totals() const {
  const std::lock_guard hold(lock_);
  Totals totals;
  totals.regions = mapped_.size();
  for (const Region* region : mapped_) {
    totals.mapped_bytes += region->bytes;
    if (region->state == Region::State::live) {
      totals.live_slices[region->size_class] += region->total_slices;
    }
  }
  return totals;
}

std::size_t RegionList::size() const {
  const std::lock_guard hold(lock_);
  return mapped_.size();
}

}  // namespace allocator::historical
