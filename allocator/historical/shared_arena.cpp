// `shared-arena`, the first generation (the report's issue 1). Every region has one arena, the
// lifetime of all its slices; freeing the region closes the arena, and so ends every slice of it at
// once, whoever is using it. Regions are freed eagerly, by the release that seems to bring the last
// slice back. It seems so every time: releases are added to the count but allocations are not
// subtracted (the report's issue 2, in the same code), so the count never falls below the total.
#include "allocator/historical/pool.hpp"
#include "allocator/variants.hpp"
#include "harness/point.hpp"

namespace allocator::historical {
namespace {

class Arena {
 public:
  Arena(const std::byte* base, std::size_t bytes) : base_(base), bytes_(bytes) {}
  void close() const { harness::closed(base_, bytes_); }

 private:
  const std::byte* base_;
  std::size_t bytes_;
};

struct ArenaRegion final : Region {
  ArenaRegion(std::byte* region_base, std::size_t region_bytes, std::size_t region_class)
      : Region(region_base, region_bytes, region_class), arena(region_base, region_bytes) {}
  Arena arena;
};

class SharedArena final : public HistoricalPool {
 public:
  explicit SharedArena(const Options& options) : HistoricalPool(options, flat_regions) {}

 private:
  void count_allocate(std::byte*) override {}

  // Nobody hears here of a region the system would not take back: it stays pooled and counted.
  void count_release(Region& region) override {
    ++region.unused_slices;
    std::error_code unheard;
    if (all_slices_returned(region)) free_region(region, unheard);
  }

  bool all_slices_returned(const Region& region) const override {
    return region.unused_slices >= region.total_slices;
  }

  std::error_code give_back(Region& region) override {
    static_cast<ArenaRegion&>(region).arena.close();
    harness::point("closed");
    return unmap(region);
  }

  std::unique_ptr<Region> make_region(std::byte* base, std::size_t bytes,
                                      std::size_t size_class) override {
    return std::make_unique<ArenaRegion>(base, bytes, size_class);
  }
};

}  // namespace
}  // namespace allocator::historical

std::unique_ptr<allocator::Pool> allocator::make_shared_arena(const Options& options) {
  return std::make_unique<historical::SharedArena>(options);
}
