// What programs built for ThreadSanitizer may call of it themselves: <sanitizer/tsan_interface.h>, what they share
// with other sanitizers, and the older dynamic annotations. What says that one thing happens before another counts;
// what asks the sanitizer to look away, or how its report reads, does nothing.
#include <atomic>
#include <cstdint>
#include <cstring>

#include "harness/runtime/caller.hpp"

namespace harness {
namespace {

void happens_before(const void* object) {
  if (active == nullptr) return;
  const Entered entered;
  entered->races().release_join(entered->object(object).clock);
}

void happens_after(const void* object) {
  if (active == nullptr) return;
  const Entered entered;
  entered->races().acquire(entered->object(object).clock);
}

void note(const char* what) {
  if (active != nullptr) Entered()->note_uncontrolled(what);
}

template <class T>
T load(const void* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

constexpr const char* fibers = "fibers that the program switches by itself (__tsan_switch_to_fiber): taken for one task";

}  // namespace
}  // namespace harness

#define HARNESS_IGNORED(name, ...) \
  HARNESS_EXPORT void name(__VA_ARGS__) {}
#define HARNESS_BEFORE(name, ...)                                                          \
  HARNESS_EXPORT void name(__VA_ARGS__ __VA_OPT__(, ) void* object) {                      \
    harness::happens_before(object);                                                       \
  }
#define HARNESS_AFTER(name, ...)                                                           \
  HARNESS_EXPORT void name(__VA_ARGS__ __VA_OPT__(, ) void* object) {                      \
    harness::happens_after(object);                                                        \
  }

// --- order that the program vouches for
HARNESS_BEFORE(__tsan_release)
HARNESS_AFTER(__tsan_acquire)
HARNESS_BEFORE(AnnotateHappensBefore, char*, int)
HARNESS_AFTER(AnnotateHappensAfter, char*, int)
HARNESS_BEFORE(WTFAnnotateHappensBefore, char*, int)
HARNESS_AFTER(WTFAnnotateHappensAfter, char*, int)
HARNESS_BEFORE(AnnotateCondVarSignal, char*, int)
HARNESS_BEFORE(AnnotateCondVarSignalAll, char*, int)
HARNESS_BEFORE(AnnotatePCQPut, char*, int)
HARNESS_AFTER(AnnotatePCQGet, char*, int)
HARNESS_EXPORT void AnnotateCondVarWait(char*, int, void* object, void*) { harness::happens_after(object); }

// --- locks of the program's own making: what they do is seen as it happens, atomic by atomic
HARNESS_EXPORT void __tsan_mutex_post_lock(void* mutex, unsigned, int) { harness::happens_after(mutex); }
HARNESS_EXPORT int __tsan_mutex_pre_unlock(void* mutex, unsigned) {
  harness::happens_before(mutex);
  return 1;
}
HARNESS_EXPORT void AnnotateRWLockAcquired(char*, int, void* lock, std::uintptr_t) { harness::happens_after(lock); }
HARNESS_EXPORT void AnnotateRWLockReleased(char*, int, void* lock, std::uintptr_t) { harness::happens_before(lock); }
HARNESS_IGNORED(__tsan_mutex_create, void*, unsigned)
HARNESS_IGNORED(__tsan_mutex_destroy, void*, unsigned)
HARNESS_IGNORED(__tsan_mutex_pre_lock, void*, unsigned)
HARNESS_IGNORED(__tsan_mutex_post_unlock, void*, unsigned)
HARNESS_IGNORED(__tsan_mutex_pre_signal, void*, unsigned)
HARNESS_IGNORED(__tsan_mutex_post_signal, void*, unsigned)
HARNESS_IGNORED(__tsan_mutex_pre_divert, void*, unsigned)
HARNESS_IGNORED(__tsan_mutex_post_divert, void*, unsigned)
HARNESS_IGNORED(AnnotateRWLockCreate, char*, int, void*)
HARNESS_IGNORED(AnnotateRWLockCreateStatic, char*, int, void*)
HARNESS_IGNORED(AnnotateRWLockDestroy, char*, int, void*)
HARNESS_IGNORED(AnnotateMutexIsNotPHB, char*, int, void*)
HARNESS_IGNORED(AnnotateMutexIsUsedAsCondVar, char*, int, void*)

// --- looking away
HARNESS_IGNORED(AnnotateBenignRace, char*, int, void*, char*)
HARNESS_IGNORED(AnnotateBenignRaceSized, char*, int, void*, std::size_t, char*)
HARNESS_IGNORED(WTFAnnotateBenignRaceSized, char*, int, void*, std::size_t, char*)
HARNESS_IGNORED(AnnotateIgnoreReadsBegin, char*, int)
HARNESS_IGNORED(AnnotateIgnoreReadsEnd, char*, int)
HARNESS_IGNORED(AnnotateIgnoreWritesBegin, char*, int)
HARNESS_IGNORED(AnnotateIgnoreWritesEnd, char*, int)
HARNESS_IGNORED(AnnotateIgnoreSyncBegin, char*, int)
HARNESS_IGNORED(AnnotateIgnoreSyncEnd, char*, int)
HARNESS_IGNORED(AnnotateEnableRaceDetection, char*, int, int)
HARNESS_IGNORED(AnnotateExpectRace, char*, int, void*, char*)
HARNESS_IGNORED(AnnotateFlushExpectedRaces, char*, int)
HARNESS_IGNORED(AnnotateFlushState, char*, int)
HARNESS_IGNORED(AnnotateMemoryIsInitialized, char*, int, void*, std::size_t)
HARNESS_IGNORED(AnnotateMemoryIsUninitialized, char*, int, void*, std::size_t)
HARNESS_IGNORED(AnnotateNewMemory, char*, int, void*, std::size_t)
HARNESS_IGNORED(AnnotateNoOp, char*, int, void*)
HARNESS_IGNORED(AnnotatePCQCreate, char*, int, void*)
HARNESS_IGNORED(AnnotatePCQDestroy, char*, int, void*)
HARNESS_IGNORED(AnnotatePublishMemoryRange, char*, int, void*, std::size_t)
HARNESS_IGNORED(AnnotateUnpublishMemoryRange, char*, int, void*, std::size_t)
HARNESS_IGNORED(AnnotateThreadName, char*, int, char*)
HARNESS_IGNORED(AnnotateTraceMemory, char*, int, void*)
HARNESS_EXPORT int RunningOnValgrind() { return 0; }
HARNESS_EXPORT double ValgrindSlowdown() { return 1; }
HARNESS_EXPORT const char* ThreadSanitizerQuery(const char*) { return "0"; }

// --- fibers of its own, and accesses that it reports itself
HARNESS_EXPORT void* __tsan_get_current_fiber() { return nullptr; }
HARNESS_EXPORT void* __tsan_create_fiber(unsigned) { return nullptr; }
HARNESS_IGNORED(__tsan_destroy_fiber, void*)
HARNESS_EXPORT void __tsan_switch_to_fiber(void*, unsigned) { harness::note(harness::fibers); }
HARNESS_IGNORED(__tsan_set_fiber_name, void*, const char*)
HARNESS_EXPORT void* __tsan_external_register_tag(const char*) { return nullptr; }
HARNESS_IGNORED(__tsan_external_register_header, void*, const char*)
HARNESS_IGNORED(__tsan_external_assign_tag, void*, void*)
HARNESS_IGNORED(__tsan_external_read, void*, void*, void*)
HARNESS_IGNORED(__tsan_external_write, void*, void*, void*)
HARNESS_IGNORED(__tsan_flush_memory)

// --- what all sanitizers have
HARNESS_IGNORED(__sanitizer_set_report_path, const char*)
HARNESS_IGNORED(__sanitizer_set_report_fd, void*)
HARNESS_EXPORT const char* __sanitizer_get_report_path() { return ""; }
HARNESS_IGNORED(__sanitizer_sandbox_on_notify, void*)
HARNESS_IGNORED(__sanitizer_report_error_summary, const char*)
HARNESS_EXPORT int __sanitizer_acquire_crash_state() { return 1; }
HARNESS_IGNORED(__sanitizer_print_stack_trace)
HARNESS_EXPORT void __sanitizer_symbolize_pc(void*, const char*, char* text, std::size_t room) {
  if (room != 0) *text = 0;
}
HARNESS_EXPORT void __sanitizer_symbolize_global(void*, const char*, char* text, std::size_t room) {
  if (room != 0) *text = 0;
}
HARNESS_EXPORT int __sanitizer_get_module_and_offset_for_pc(void*, char*, std::size_t, void**) { return 0; }
HARNESS_IGNORED(__sanitizer_set_death_callback, void (*)())
HARNESS_EXPORT int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                             void (*)(const volatile void*)) {
  return 0;
}
HARNESS_EXPORT std::size_t __sanitizer_get_current_allocated_bytes() { return 0; }
HARNESS_EXPORT std::size_t __sanitizer_get_heap_size() { return 0; }
HARNESS_EXPORT std::size_t __sanitizer_get_free_bytes() { return 0; }
HARNESS_EXPORT std::size_t __sanitizer_get_unmapped_bytes() { return 0; }
HARNESS_EXPORT std::size_t __sanitizer_get_estimated_allocated_size(std::size_t bytes) { return bytes; }
HARNESS_EXPORT std::uint16_t __sanitizer_unaligned_load16(const void* p) { return harness::load<std::uint16_t>(p); }
HARNESS_EXPORT std::uint32_t __sanitizer_unaligned_load32(const void* p) { return harness::load<std::uint32_t>(p); }
HARNESS_EXPORT std::uint64_t __sanitizer_unaligned_load64(const void* p) { return harness::load<std::uint64_t>(p); }
HARNESS_EXPORT void __sanitizer_unaligned_store16(void* p, std::uint16_t x) { __builtin_memcpy(p, &x, sizeof x); }
HARNESS_EXPORT void __sanitizer_unaligned_store32(void* p, std::uint32_t x) { __builtin_memcpy(p, &x, sizeof x); }
HARNESS_EXPORT void __sanitizer_unaligned_store64(void* p, std::uint64_t x) { __builtin_memcpy(p, &x, sizeof x); }
HARNESS_IGNORED(__sanitizer_cov_dump)
HARNESS_IGNORED(__sanitizer_cov_reset)

// The linker finds atexit() in ThreadSanitizer's library before that part of libc which programs carry along.
HARNESS_EXPORT int harness_atexit(void (*function)()) __asm__("atexit");
int harness_atexit(void (*function)()) {
  return __cxa_atexit(reinterpret_cast<void (*)(void*)>(function), nullptr, nullptr);
}
