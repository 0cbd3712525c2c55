// From return addresses to functions and source lines, in process (elfutils' libdw), inlined calls
// included. Not thread-safe; keeps the debug information it has read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/verdict.hpp"

namespace harness {

// The frames at a return address, innermost inlined function first; never empty (module at least).
std::vector<reports::Frame> frames_at(std::uintptr_t return_address);
// "counter" or "pool+16" for an address in a module's data; "" where it is none.
std::string data_symbol(std::uintptr_t address);

}  // namespace harness
