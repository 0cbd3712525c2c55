// A program that uses the installed pool: every public header, and one of each thing.
#include <allocator/memory_resource.hpp>
#include <allocator/segment_pool.hpp>
#include <allocator/virtual_memory.hpp>
#include <cstring>
#include <utility>
#include <vector>

int main() {
  allocator::SegmentPool pool({.budget_bytes = 16 << 20});
  allocator::Cache cache = pool.make_cache();
  allocator::Segment segment = cache.allocate(5000);
  std::memset(segment.data(), 1, segment.size());
  cache.release(std::move(segment));
  allocator::SegmentResource resource(pool);
  std::pmr::vector<int>(1000, 7, &resource);
  return pool.free_unused_regions() != 0 && pool.verify().empty() ? 0 : 1;
}
