// `uncounted-alloc` (the report's issue 2). The count of unused slices starts at the total and
// grows with every release; allocate does not subtract. So a region whose slices are out looks
// complete, and free_unused_regions() unmaps it under their owners.
#include "allocator/historical/pool.hpp"
#include "allocator/variants.hpp"

namespace allocator::historical {
namespace {

class UncountedAlloc final : public HistoricalPool {
 public:
  explicit UncountedAlloc(const Options& options) : HistoricalPool(options, flat_regions) {}

 private:
  void count_allocate(std::byte*) override {}
  void count_release(Region& region) override { ++region.unused_slices; }
};

}  // namespace
}  // namespace allocator::historical

std::unique_ptr<allocator::Pool> allocator::make_uncounted_alloc(const Options& options) {
  return std::make_unique<historical::UncountedAlloc>(options);
}
