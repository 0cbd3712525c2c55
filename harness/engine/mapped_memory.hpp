// What mmap() hands to the program under test: ranges of one reserved arena, with a state for every page.
//
// Memory is zero without paying for it: a page becomes accessible when it is first touched (the fault is
// ours to answer), and only such pages are ever cleaned. munmap() quarantines: the page's state says that
// it was freed, so that an instrumented access to it is noticed without a system call; where `protects`
// is set, it is made inaccessible as well, so that an access from elsewhere (libc) faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/engine/address_space.hpp"

namespace harness {

enum class PageState : std::uint8_t {
  none,      // nothing was ever mapped here in this execution (or only PROT_NONE)
  mapped,    // plainly accessible
  read_only,
  freed,     // was accessible; unmapped or made PROT_NONE
  watched,   // accessible, but discarded or closed once: oracles want to see every access
};

class MappedMemory {
 public:
  struct Extent {
    std::uintptr_t base;
    std::size_t bytes;
  };

  MappedMemory();
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;

  static bool contains(std::uintptr_t address) { return mapping_range.contains(address); }
  PageState state(std::uintptr_t address) const {
    return static_cast<PageState>(pages_[page_of(address)] & state_bits);
  }
  // True where an access needs no second look.
  bool plain(std::uintptr_t address) const { return state(address) == PageState::mapped; }

  // 0 where the arena is full. `bytes` is rounded up to pages.
  std::uintptr_t find_fresh(std::size_t bytes);
  // A range that was unmapped in this execution and fits; 0 where there is none.
  std::uintptr_t find_used(std::size_t bytes) const;
  // What lies below was handed out in this execution.
  std::uintptr_t fresh_from() const { return next_; }
  void map(std::uintptr_t base, std::size_t bytes, bool readable, bool writable);
  void unmap(std::uintptr_t base, std::size_t bytes);
  void protect(std::uintptr_t base, std::size_t bytes, bool readable, bool writable);
  void discard(std::uintptr_t base, std::size_t bytes);
  void watch(std::uintptr_t base, std::size_t bytes);
  // True where all of the range was mapped (accessible or not) and not unmapped since.
  bool is_mapped(std::uintptr_t base, std::size_t bytes) const;

  // The fault at `address` was the first touch of an accessible page; it is accessible now.
  bool touch(std::uintptr_t address);
  void touch(std::uintptr_t base, std::size_t bytes);

  // The first page at or behind `from` that was ever touched; `end` where there is none before it.
  std::uintptr_t next_touched(std::uintptr_t from, std::uintptr_t end) const;

  void set_protects(bool protects) { protects_ = protects; }
  void reset();

 private:
  static constexpr std::uint8_t state_bits = 0x07;
  static constexpr std::uint8_t touched_bit = 0x80;   // accessible to the hardware, maybe not clean

  static std::size_t page_of(std::uintptr_t address) { return (address - mapping_range.base) / page_bytes; }
  void set_state(std::uintptr_t base, std::size_t bytes, PageState state);
  void clean(std::uintptr_t base, std::size_t bytes);
  void take_away(std::uintptr_t base, std::size_t bytes);
  template <class Visit>
  void each_touched(std::uintptr_t base, std::size_t bytes, Visit visit);

  std::uint8_t* pages_;
  std::uintptr_t next_ = mapping_range.base;
  bool protects_ = false;
  std::vector<Extent> marked_;          // ranges with a state, to be reset
  std::vector<Extent> reservations_;    // PROT_NONE mappings of this execution
  std::vector<Extent> unmapped_;        // whole ranges given back, for find_used
};

}  // namespace harness
