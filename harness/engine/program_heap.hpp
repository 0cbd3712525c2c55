// The heap of the program under test: one for the process, made on first use.
#pragma once

#include <cstdint>

#include "harness/engine/user_heap.hpp"

namespace harness {

UserHeap& program_heap();
// Where the dynamic linker's code is.
void find_dynamic_linker(std::uintptr_t& base, std::uintptr_t& end);

}  // namespace harness
