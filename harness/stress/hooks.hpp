// The seam between the interposed calls and stress mode. Whoever interposes (the runtime in the
// plain build, interpose.cpp in the sanitizer builds) calls the table that is installed, and
// nothing when none is; it stays installed only in stress mode's worker process, so under the
// engine it is never set.
//
// Contract for the interposer:
//   - every hook may block for a while (a delay, a hand-over) and keeps errno as it found it;
//   - before_memory and after_memory come in pairs on one thread, with the system call and nothing
//   else
//     between them: a lock is held from the one to the other, so that the order recorded is the
//     order in which the kernel acted. `address` is the range that the call acts on (for map: null
//     but with MAP_FIXED), `result` what mmap returned (for the other calls: `address` again).
//     mremap is an unmap of the old range and a map of the new one, both made known: the pair of
//     the unmap around the call, then a pair of the map around nothing;
//   - ops: map, unmap, protect, and discard for madvise(MADV_DONTNEED, MADV_FREE, MADV_REMOVE).
//   Other
//     advice has no hook;
//   - `where` is the return address in the code under test;
//   - harness_closed(base, bytes) arrives as an observation HARNESS_CLOSED.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "harness/engine/event.hpp"
#include "harness/observe.hpp"

namespace harness::stress_mode {

struct Hooks {
  void (*point)(const char* name, std::uintptr_t where);
  void (*observed)(const harness_observation& observation, std::uintptr_t where);
  void (*before_memory)(Op op, const void* address, std::size_t bytes, int prot,
                        std::uintptr_t where);
  void (*after_memory)(Op op, const void* result, std::size_t bytes, int prot, bool failed,
                       std::uintptr_t where);
  // assert() failed (__assert_fail). Does not return.
  void (*asserted)(const char* expression, const char* file, unsigned line, std::uintptr_t where);
};

// Defined in hooks.cpp, which belongs to whatever holds the interposed calls: libharness_runtime.so
// in the plain build (export it: _ZN7harness11stress_mode5hooksE), harness_stress in the sanitizer
// builds.
[[gnu::visibility("default")]] extern std::atomic<const Hooks*> hooks;

}  // namespace harness::stress_mode
