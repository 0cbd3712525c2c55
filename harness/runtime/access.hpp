// Plain accesses by the code under test: is the memory plainly accessible?
#pragma once

#include "harness/runtime/caller.hpp"

namespace harness {

// Only what mmap() handed out is looked at. Inlined into every callback: two compares where the address is
// elsewhere, a table look-up where it is not.
[[gnu::always_inline]] inline void check_access(const volatile void* pointer, std::size_t bytes, bool is_write,
                                                std::uintptr_t where) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (!MappedMemory::contains(address)) [[likely]]
    return;
  if (active == nullptr) return;
  const MappedMemory& memory = active->memory();
  const std::uintptr_t last = address + bytes - 1;
  if (memory.plain(address) && (!MappedMemory::contains(last) || memory.plain(last))) [[likely]]
    return;
  const Entered entered;
  entered->suspicious_access(memory.plain(address) ? last : address, bytes, is_write, where);
}

void check_range(const void* pointer, std::size_t bytes, bool is_write, std::uintptr_t where);

}  // namespace harness
