// Shared by the interposed functions.
#pragma once

#include <cstdint>

#include "harness/engine/engine.hpp"
#include "harness/engine/real.hpp"

// The return address in the code under test.
#define HARNESS_CALLER reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))
// Functions that the code under test finds in place of libc's (or of a sanitizer's).
#define HARNESS_EXPORT extern "C" [[gnu::visibility("default")]]
