// Plain accesses by the code under test: is the memory plainly accessible?
#pragma once

#include "harness/runtime/caller.hpp"

namespace harness {

// Is the memory still there? An atomic operation asks when it is executed, a plain access in its own time.
void check_mapped(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);

// Only what mmap() handed out is looked at. Inlined into every callback: two compares where the address is
// elsewhere.
[[gnu::always_inline]] inline void check_access(const volatile void* pointer, std::size_t bytes, bool is_write,
                                                std::uintptr_t where) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (!MappedMemory::contains(address)) [[likely]]
    return;
  check_mapped(address, bytes, is_write, where);
}

void check_range(const void* pointer, std::size_t bytes, bool is_write, std::uintptr_t where);

}  // namespace harness
