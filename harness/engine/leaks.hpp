// Leaks of the heap: blocks of an execution that are still there at its end, though nothing points
// to them any more, directly or through others, from variables, from the stacks and thread-local
// variables of tasks that have not ended, or from mapped memory. As LeakSanitizer sees it; asked
// for with --leaks.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/engine/address_space.hpp"
#include "harness/engine/recorded.hpp"

namespace harness {

class UserHeap;

struct Allocation {
  std::uintptr_t address = 0;
  std::uint64_t bytes = 0;
  std::uint32_t position = 0;  // in the recording
  Recorded by;
};

class Allocations {
 public:
  void begin() { all_.clear(); }
  void note(const Allocation& allocation) { all_.push_back(allocation); }

  struct Lost {
    const Allocation* first =
        nullptr;  // if possible one that no other lost block points to; nullptr: none lost
    std::size_t count = 0;
    std::uint64_t bytes = 0;
  };
  // What is not reached from `roots`, or from what is sealed.
  Lost lost(const UserHeap& heap, const std::vector<AddressRange>& roots) const;

 private:
  std::vector<Allocation> all_;
};

// All that is writable of the loaded objects, the tool's own aside.
std::vector<AddressRange> writable_objects();

}  // namespace harness
