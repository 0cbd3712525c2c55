// Named points: places in the code under test that a schedule can stop at, and nothing else.
//
// Compiled with HARNESS_POINTS they call the harness; without it they are empty, so the code that
// ships carries no trace of them. This is the only header of the harness that code under test includes.
#pragma once

#include <cstddef>

#if defined(HARNESS_POINTS)
extern "C" void harness_point(const char* name);
extern "C" void harness_closed(const void* base, std::size_t bytes);
#endif

namespace harness {

// A point called `name` (static storage; lower case, digits and '-'). Under the engine it is a
// scheduling point, so that "reader@polled" in a schedule means: run reader until it gets here.
inline void point([[maybe_unused]] const char* name) {
#if defined(HARNESS_POINTS)
  harness_point(name);
#endif
}

// The owner of [base, base + bytes) has ended the lifetime of everything in it (an arena is closed).
// To use it from here on, or to close it while a slice of it is handed out, is `use-after-close`.
inline void closed([[maybe_unused]] const void* base, [[maybe_unused]] std::size_t bytes) {
#if defined(HARNESS_POINTS)
  harness_closed(base, bytes);
#endif
}

}  // namespace harness
