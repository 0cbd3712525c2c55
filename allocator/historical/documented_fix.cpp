// `documented-fix`, what the report calls the complete fix: allocate polls a slice, then subtracts
// it from the count of its region; release pushes it, then adds it. Regions are freed under budget
// pressure, on request and at shutdown only. It is not complete: between the poll and the
// subtraction the region still looks unused, and so it does to a sweep that has already looked.
#include "allocator/historical/pool.hpp"
#include "allocator/variants.hpp"

namespace allocator::historical {
namespace {

class DocumentedFix final : public HistoricalPool {
 public:
  explicit DocumentedFix(const Options& options) : HistoricalPool(options, scaled_regions) {}

 private:
  void count_allocate(std::byte* slice) override {
    if (Region* region = regions().find(slice)) --region->unused_slices;
  }
  void count_release(Region& region) override { ++region.unused_slices; }
};

}  // namespace
}  // namespace allocator::historical

std::unique_ptr<allocator::Pool> allocator::make_documented_fix(const Options& options) {
  return std::make_unique<historical::DocumentedFix>(options);
}
