// A SegmentPool as a std::pmr::memory_resource: containers, and resources that hand out smaller
// pieces (std::pmr::monotonic_buffer_resource, unsynchronized_pool_resource), on top of the pool.
#pragma once

#include <cstddef>
#include <memory_resource>

#include "allocator/segment_pool.hpp"

namespace allocator {

// Serves requests of up to the largest class with an alignment up to the slice's own size; others
// go to `upstream`, whose business their errors are. A size of 0 takes a slice like 1. Throws
// OutOfMemory as the pool does.
//
// deallocate() must be told size and alignment as allocate() was, as always with resources. A
// pointer or a size that does not fit a slice of the pool which is out ends the process with a
// sentence on stderr: the interface has no other way to refuse.
class SegmentResource final : public std::pmr::memory_resource {
 public:
  explicit SegmentResource(SegmentPool& pool,
                           std::pmr::memory_resource* upstream = std::pmr::new_delete_resource())
      : pool_(pool), upstream_(upstream) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* base, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;

  SegmentPool& pool_;
  std::pmr::memory_resource* upstream_;
};

}  // namespace allocator
