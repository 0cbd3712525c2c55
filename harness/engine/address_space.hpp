// Where the program under test finds its memory: fixed ranges, so that addresses, and all that depends on
// them, are the same in every process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace harness {

inline constexpr std::size_t page_bytes = 4096;

struct AddressRange {
  std::uintptr_t base;
  std::size_t bytes;
  constexpr bool contains(std::uintptr_t address) const { return address - base < bytes; }
  constexpr std::uintptr_t end() const { return base + bytes; }
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};

// The tool's own, in a process that it shares with the program (see tool_heap.hpp).
inline constexpr AddressRange tool_range = {0x0800'0000'0000, std::size_t{16} << 30};
inline constexpr AddressRange heap_range = {0x1000'0000'0000, std::size_t{64} << 30};
inline constexpr AddressRange mapping_range = {0x2000'0000'0000, std::size_t{1} << 40};
inline constexpr AddressRange stack_range = {0x3000'0000'0000, std::size_t{256} << 30};

// Reserves address space at exactly `base`; `accessible` or PROT_NONE. Throws std::runtime_error saying what
// to do (ulimit -v, overcommit).
void reserve_at(std::uintptr_t base, std::size_t bytes, bool accessible);
// Anonymous memory anywhere, shared with children of fork() or not. Throws std::runtime_error.
void* map_anonymous(std::size_t bytes, bool shared);
// Where what it has given, not shared, lies.
std::span<const AddressRange> own_mappings();

}  // namespace harness
