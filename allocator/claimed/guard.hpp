// Tells memory checkers which slices belong to nobody, so that a touch after release is reported
// like one of freed heap memory. Nothing in ordinary builds, but for a test for Valgrind if its
// headers were there.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define ALLOCATOR_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ALLOCATOR_ASAN
#endif
#if __has_feature(memory_sanitizer)
#define ALLOCATOR_MSAN
#include <sanitizer/msan_interface.h>
#endif
#endif
#if defined(ALLOCATOR_ASAN)
#include <sanitizer/asan_interface.h>
#endif
#if __has_include(<valgrind/memcheck.h>) && !defined(__SANITIZE_THREAD__)
#define ALLOCATOR_VALGRIND
#include <valgrind/memcheck.h>
#endif

namespace allocator::claimed {

// Whether anybody listens: then every slice takes the slower paths that tell.
inline bool memory_is_checked() {
#if defined(ALLOCATOR_ASAN) || defined(ALLOCATOR_MSAN)
  return true;
#elif defined(ALLOCATOR_VALGRIND)
  return RUNNING_ON_VALGRIND != 0;
#else
  return false;
#endif
}

// A pool begins and ends; Valgrind knows slices as pieces of it.
inline void guard_pool([[maybe_unused]] const void* pool) {
#if defined(ALLOCATOR_VALGRIND)
  VALGRIND_CREATE_MEMPOOL(pool, 0, 0);
#endif
}
inline void forget_pool([[maybe_unused]] const void* pool) {
#if defined(ALLOCATOR_VALGRIND)
  VALGRIND_DESTROY_MEMPOOL(pool);
#endif
}

// Before a slice can be seen to be free, and for all of a region before it is published.
inline void guard_memory([[maybe_unused]] std::byte* base, [[maybe_unused]] std::size_t bytes) {
#if defined(ALLOCATOR_ASAN)
  __asan_poison_memory_region(base, bytes);
#elif defined(ALLOCATOR_VALGRIND)
  VALGRIND_MAKE_MEM_NOACCESS(base, bytes);
#endif
}

// Before a region's memory goes: poison survives an unmapping, and whatever is mapped there next
// would be poisoned.
inline void expose_memory([[maybe_unused]] std::byte* base, [[maybe_unused]] std::size_t bytes) {
#if defined(ALLOCATOR_ASAN)
  __asan_unpoison_memory_region(base, bytes);
#endif
}

inline void guard_slice([[maybe_unused]] const void* pool, std::byte* base, std::size_t bytes) {
#if defined(ALLOCATOR_VALGRIND)
  VALGRIND_MEMPOOL_FREE(pool, base);
#endif
  guard_memory(base, bytes);
}

// A slice has an owner. `zeroed`: what is in it may be read.
inline void expose_slice([[maybe_unused]] const void* pool, std::byte* base, std::size_t bytes,
                         [[maybe_unused]] bool zeroed) {
  expose_memory(base, bytes);
#if defined(ALLOCATOR_MSAN)
  if (!zeroed) __msan_allocated_memory(base, bytes);
#endif
#if defined(ALLOCATOR_VALGRIND)
  VALGRIND_MEMPOOL_ALLOC(pool, base, bytes);
  if (zeroed) VALGRIND_MAKE_MEM_DEFINED(base, bytes);
#endif
}

}  // namespace allocator::claimed
