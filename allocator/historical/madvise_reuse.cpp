// `madvise-reuse`, the generation after the report. It counts like the documented fix, but a region
// is no longer unmapped: its contents are discarded, it waits, and growth takes it up again, with
// its count set to the total and all its slices pushed. Nothing faults any more. But a slice polled
// while the sweep was on its way loses its bytes, and is pushed, and handed out, a second time.
#include "allocator/historical/pool.hpp"
#include "allocator/variants.hpp"
#include "allocator/virtual_memory.hpp"

namespace allocator::historical {
namespace {

class MadviseReuse final : public HistoricalPool {
 public:
  explicit MadviseReuse(const Options& options) : HistoricalPool(options, scaled_regions) {}

 private:
  void count_allocate(std::byte* slice) override {
    if (Region* region = regions().find(slice)) --region->unused_slices;
  }

  // A release sweeps, too, once the queue of its class holds more than two growths' worth of
  // slices.
  void count_release(Region& region) override {
    ++region.unused_slices;
    const std::size_t large = 2 * growth_regions(region.size_class) * region.total_slices;
    if (slices_of(region.size_class).size() <= large) return;
    try {
      free_unused_regions();
    } catch (const std::system_error&) {
      // The slice is back all the same; a region the system would not discard stays pooled and
      // counted.
    }
  }

  // The region stays mapped and charged: only its own class can use it again.
  std::error_code give_back(Region& region) override {
    if (const std::error_code error = memory().discard(region.base, region.bytes)) return error;
    regions().put_aside(region);
    // close() may have passed by while the region was taken: then it falls to us to unmap it.
    if (closed() && regions().take(region, Region::State::idle)) return unmap(region);
    return {};
  }

  bool reuse(std::size_t size_class) override {
    Region* const region = regions().take_idle(size_class);
    if (region == nullptr) return false;
    region->unused_slices = region->total_slices;
    regions().publish(*region, [&] { slices_of(size_class).push_all(*region); });
    return true;
  }
};

}  // namespace
}  // namespace allocator::historical

std::unique_ptr<allocator::Pool> allocator::make_madvise_reuse(const Options& options) {
  return std::make_unique<historical::MadviseReuse>(options);
}
