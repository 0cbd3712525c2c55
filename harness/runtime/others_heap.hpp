// Where memory comes from that is not the program's: libc's heap, or, in a process that hosts its own exploration,
// the tool's. There, what lies on libc's heap is the program's from before the first execution; it stays as it is.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <cstddef>

#include "harness/engine/hosting.hpp"
#include "harness/engine/real.hpp"
#include "harness/engine/tool_heap.hpp"

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace harness::others {

inline void* allocate(std::size_t bytes) {
  return tool_heap_in_use() ? tool_allocate(bytes, 16) : __libc_malloc(bytes);
}

inline void* allocate_aligned(std::size_t alignment, std::size_t bytes) {
  return tool_heap_in_use() ? tool_allocate(bytes, std::max<std::size_t>(alignment, 16))
                            : __libc_memalign(alignment, bytes);
}

inline void* allocate_zeroed(std::size_t count, std::size_t bytes) {
  if (!tool_heap_in_use()) return __libc_calloc(count, bytes);
  std::size_t total;
  void* const block = __builtin_mul_overflow(count, bytes, &total) ? nullptr : tool_allocate(total, 16);
  if (block != nullptr) real::memset(block, 0, total);
  return block;
}

inline void release(void* block) {
  if (is_on_tool_heap(block)) return tool_release(block);
  if (!tool_heap_in_use()) __libc_free(block);
}

inline std::size_t usable(void* block) {
  if (is_on_tool_heap(block)) return tool_size_of(block);
  static std::size_t (*real_usable)(void*) = nullptr;
  if (real_usable == nullptr)
    real_usable = reinterpret_cast<std::size_t (*)(void*)>(real::find("malloc_usable_size"));
  return real_usable(block);
}

inline void* reallocate(void* block, std::size_t bytes) {
  if (!tool_heap_in_use() && !is_on_tool_heap(block)) return __libc_realloc(block, bytes);
  if (bytes == 0) return release(block), nullptr;
  void* const moved = allocate(bytes);
  if (moved == nullptr) return nullptr;
  real::memcpy(moved, static_cast<const void*>(block), std::min(usable(block), bytes));
  release(block);
  return moved;
}

}  // namespace harness::others
