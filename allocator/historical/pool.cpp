// The common part of the historical generations; see pool.hpp for what is not in it.
#include "allocator/historical/pool.hpp"

#include "allocator/virtual_memory.hpp"
#include "harness/point.hpp"

namespace allocator::historical {

HistoricalPool::HistoricalPool(const Options& options, RegionRule rule)
    : plan_(plan(options, rule)), budget_(plan_.budget_bytes) {}

HistoricalPool::~HistoricalPool() {
  // Nobody is left to tell of a failure; what cannot be unmapped stays until the process ends.
  for (const Region* region : regions_.left_over()) {
    static_cast<void>(plan_.memory->release(region->base, region->bytes));
  }
}

Slice HistoricalPool::allocate(std::size_t bytes) {
  const std::size_t size_class = size_class_of(bytes);
  std::byte* slice = closed() ? nullptr : pools_[size_class].poll();
  if (slice == nullptr) slice = grow_and_poll(size_class);
  harness::point("polled");
  count_allocate(slice);
  return {slice, size_classes[size_class]};
}

Released HistoricalPool::release(Slice slice) {
  Region* const region = regions_.find(slice.data());
  if (region == nullptr) return Released::foreign;
  pools_[region->size_class].push(slice.data());
  harness::point("pushed");
  count_release(*region);
  return Released::ok;
}

// Other threads may drain the queue between a growth and the poll after it: then grow again, until
// there is a slice or no more to be had.
std::byte* HistoricalPool::grow_and_poll(std::size_t size_class) {
  harness::point("grow");
  const std::lock_guard hold(growth_locks_[size_class]);
  for (;;) {
    if (closed()) {
      refuse(size_class, "the pool is closed", Shortage::closed);
    }
    if (std::byte* slice = pools_[size_class].poll()) return slice;
    const std::string refused = grow(size_class);
    if (refused.empty()) continue;
    if (std::byte* slice = pools_[size_class].poll()) return slice;
    refuse(size_class, refused, Shortage::budget);
  }
}

void HistoricalPool::refuse(std::size_t size_class, std::string_view reason, Shortage shortage) {
  throw_out_of_memory(reason, {shortage, size_classes[size_class], budget_.limit_bytes(),
                               budget_.charged_bytes(), pools_[size_class].size()});
}

// Returns why nothing was added; empty: something was.
std::string HistoricalPool::grow(std::size_t size_class) {
  if (reuse(size_class)) return {};
  for (std::size_t i = 0; i < plan_.growth_regions[size_class]; ++i) {
    std::string refused;
    if (!budget_.try_charge(plan_.region_bytes[size_class])) {
      if (i > 0) return {};
      if (make_room(size_class, refused)) return {};
    }
    if (refused.empty()) refused = map_region(size_class);
    if (!refused.empty()) return i > 0 ? std::string{} : refused;
  }
  return {};
}

// The budget is used up. True where slices came back into the queue, so that nothing need be
// mapped; false with `refused` empty where the region is charged now.
bool HistoricalPool::make_room(std::size_t size_class, std::string& refused) {
  const std::size_t wanted_bytes = plan_.region_bytes[size_class];
  if (wanted_bytes > budget_.limit_bytes()) {
    refused = "the budget is smaller than one region of " + std::to_string(wanted_bytes) + " bytes";
    return false;
  }
  try {
    free_unused_regions();
  } catch (const std::system_error& error) {
    refused = error.what();
  }
  if (reuse(size_class)) return true;
  if (budget_.try_charge(wanted_bytes)) {
    refused.clear();
  } else if (refused.empty()) {
    refused = "the budget is used up";
  }
  return false;
}

// Maps one region, already charged, and hands its slices to the queue. Returns why it could not.
std::string HistoricalPool::map_region(std::size_t size_class) {
  harness::point("charged");
  const std::size_t bytes = plan_.region_bytes[size_class];
  std::error_code error;
  std::byte* const base = plan_.memory->map(bytes, error);
  if (base == nullptr) {
    budget_.uncharge(bytes);
    return "the system refused to map " + std::to_string(bytes) + " bytes: " + error.message();
  }
  harness::point("mapped");
  Region& region = regions_.add(make_region(base, bytes, size_class));
  regions_.publish(region, [&] { pools_[size_class].push_all(region); });
  return {};
}

std::size_t HistoricalPool::free_unused_regions() {
  const std::vector<Region*> unused = regions_.collect([&](const Region& region) {
    return region.state == Region::State::live && all_slices_returned(region);
  });
  harness::point("collected");
  std::size_t freed_bytes = 0;
  std::error_code failed;
  for (Region* region : unused) {
    std::error_code error;
    freed_bytes += free_region(*region, error);
    if (error) failed = error;
  }
  if (failed) throw std::system_error(failed, "the system refused to take a region back");
  return freed_bytes;
}

std::size_t HistoricalPool::free_region(Region& region, std::error_code& error) {
  if (!regions_.take(region, Region::State::live)) return 0;
  const std::vector<std::byte*> removed = pools_[region.size_class].remove_all(region);
  error = give_back(region);
  if (!error) return region.bytes;
  regions_.publish(region, [&] { pools_[region.size_class].push(removed); });
  return 0;
}

std::error_code HistoricalPool::unmap(Region& region) {
  if (const std::error_code error = plan_.memory->release(region.base, region.bytes)) return error;
  regions_.forget(region);
  budget_.uncharge(region.bytes);
  return {};
}

// Everything is unmapped, whatever is handed out. A sweep under way elsewhere may have taken a
// region already; it is that sweep's then.
void HistoricalPool::close() {
  closed_ = true;
  harness::point("closed");
  // Whoever grows now is waited for; whoever comes later sees that the pool is closed.
  for (std::mutex& growth_lock : growth_locks_) const std::lock_guard hold(growth_lock);
  std::error_code failed;
  for (Region* region : regions_.collect([](const Region&) { return true; })) {
    const bool was_live = regions_.take(*region, Region::State::live);
    if (!was_live && !regions_.take(*region, Region::State::idle)) continue;
    SlicePool& pool = pools_[region->size_class];
    const std::vector<std::byte*> removed = pool.remove_all(*region);
    const std::error_code error = unmap(*region);
    if (!error) continue;
    failed = error;
    if (was_live) {
      regions_.publish(*region, [&] { pool.push(removed); });
    } else {
      regions_.put_aside(*region);
    }
  }
  if (failed) throw std::system_error(failed, "the system refused to take a region back");
}

bool HistoricalPool::all_slices_returned(const Region& region) const {
  return region.unused_slices == region.total_slices;
}

std::error_code HistoricalPool::give_back(Region& region) { return unmap(region); }

bool HistoricalPool::reuse(std::size_t) { return false; }

std::unique_ptr<Region> HistoricalPool::make_region(std::byte* base, std::size_t bytes,
                                                    std::size_t size_class) {
  return std::make_unique<Region>(base, bytes, size_class);
}

Statistics HistoricalPool::statistics() const {
  PerClass free_slices{};
  for (std::size_t i = 0; i < pools_.size(); ++i) free_slices[i] = pools_[i].size();
  Statistics said = statistics_from(free_slices);
  said.mapped_bytes = budget_.charged_bytes();
  return said;
}

Statistics HistoricalPool::recount() const {
  PerClass free_slices{};
  for (std::size_t i = 0; i < pools_.size(); ++i) free_slices[i] = pools_[i].recount();
  return statistics_from(free_slices);
}

// A slice released twice is in the queue twice, as it was in the original: then a class may have
// more free slices than there are, and none out.
Statistics HistoricalPool::statistics_from(const PerClass& free_slices) const {
  const RegionList::Totals totals = regions_.totals();
  Statistics statistics{totals.regions, totals.mapped_bytes, free_slices, 0};
  for (std::size_t i = 0; i < free_slices.size(); ++i) {
    if (totals.live_slices[i] > free_slices[i]) {
      statistics.slices_out += totals.live_slices[i] - free_slices[i];
    }
  }
  return statistics;
}

}  // namespace allocator::historical
