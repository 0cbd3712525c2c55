// The pool as a memory resource.
#include "allocator/memory_resource.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace allocator {
namespace {

// The smallest slice that is large enough and, being aligned to its size, aligned enough.
std::size_t wanted(std::size_t bytes, std::size_t alignment) {
  return std::max({bytes, alignment, std::size_t{1}});
}

[[noreturn]] void refuse(const void* base, std::size_t bytes, const char* why) {
  std::fprintf(stderr, "SegmentResource: deallocate(%p, %zu bytes): %s\n", base, bytes, why);
  std::abort();
}

}  // namespace

void* SegmentResource::do_allocate(std::size_t bytes, std::size_t alignment) {
  const std::size_t size = wanted(bytes, alignment);
  if (size > size_classes.back()) return upstream_->allocate(bytes, alignment);
  return pool_.allocate_slice(size).data();
}

// The pool's addresses tell a slice's class: a size of another class would be a slip in the books
// of the caller, for whom the memory does not have the size that he believes.
void SegmentResource::do_deallocate(void* base, std::size_t bytes, std::size_t alignment) {
  const std::size_t size = wanted(bytes, alignment);
  if (size > size_classes.back()) return upstream_->deallocate(base, bytes, alignment);
  const std::size_t class_bytes = pool_.size_of(base);
  if (class_bytes != 0 && class_bytes != size_classes[detail::class_of(size)]) {
    refuse(base, bytes, "the slice there has another size");
  }
  const Released result = pool_.release(Slice(base, class_bytes));
  if (result != Released::ok) refuse(base, bytes, name_of(result).data());
}

bool SegmentResource::do_is_equal(const std::pmr::memory_resource& other) const noexcept {
  const auto* const same = dynamic_cast<const SegmentResource*>(&other);
  return same != nullptr && &same->pool_ == &pool_ && same->upstream_->is_equal(*upstream_);
}

}  // namespace allocator
