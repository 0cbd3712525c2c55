// How a pool is made: its budget and its policies. The defaults are safe; each policy says what it
// costs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace allocator {

class VirtualMemory;  // virtual_memory.hpp: the few system calls a pool makes

// How releases by address through a Cache are checked. A release through the pool itself always
// knows a double one, and handles cannot be released twice.
enum class Check : std::uint8_t {
  none,        // nothing: a double release through a cache gives the slice to two owners
  sequential,  // a byte for each slice tells a double release, unless two happen at the same
               // instant
  exact,  // a 32-bit ticket for each slice, compared and swapped: told in any case, and a stale
          // release (of a Slice that has been handed out again) too; every path pays for it
};

// What a new owner finds in a slice.
enum class Zero : std::uint8_t {
  none,        // anything: most often what the last owner left
  fresh,       // zeros if nobody had it since its region was mapped, else anything. Free of charge
  always,      // zeros, written when it is handed out
  on_release,  // zeros, written when it is released: nothing of an owner's stays in memory
};

// What becomes of a region's memory when it is given back.
enum class Unmap : std::uint8_t {
  protect,  // a late touch faults
  discard,  // a late touch reads zeros and costs a page; mapping again is cheaper
};

struct Options {
  std::size_t budget_bytes = std::size_t{256} << 20;  // mapped bytes never exceed it; not 0
  // Growth maps max(8, 2 * cores) slices' worth of regions, at least one. 0: the cores of this
  // machine; say a number where every machine must do the same.
  std::size_t cores = 0;
  // 0: the generation's own rule (1 MiB, or clamp(32 * class, 1 MiB, 8 MiB)). Else a multiple of 4
  // KiB and of the page, at most 8 MiB; rounded up to whole slices for a class that does not divide
  // it.
  std::size_t region_bytes = 0;
  VirtualMemory* memory = nullptr;  // nullptr: the operating system. Must outlive the pool.

  // From here on for `claimed` alone.
  std::size_t largest_budget_bytes = 0;  // set_budget() may go up to it; 0: budget_bytes
  // A cache keeps at most so many slices of a class, and never more than 64, 64, 32, 32, 16, 8, 8
  // by class. 0: caches keep nothing. own_cached_slices: 64 in a SegmentPool, 0 behind `Pool`.
  std::size_t cached_slices = own_cached_slices;
  Check check = Check::sequential;
  Zero zero = Zero::none;
  Unmap unmap = Unmap::protect;
  bool huge_pages = false;  // asks for them (madvise); pays where regions are 2 MiB or more
  int numa_node = -1;       // prefers memory of that node (mbind); -1: the kernel's own choice

  static constexpr std::size_t own_cached_slices = ~std::size_t{0};
};

}  // namespace allocator
