// The operating system, as a pool sees it: seven calls, each with its result checked. A test puts a
// double in its place (Options::memory) that fails on demand or writes down what it was asked.
#pragma once

#include <cstddef>
#include <system_error>

namespace allocator {

// Sizes and addresses are multiples of the page. A failed call leaves everything as it was and says
// the system's errno; success is the empty error_code.
class VirtualMemory {
 public:
  // Fresh readable and writable memory, all zero. nullptr, and `error`, where there is none.
  virtual std::byte* map(std::size_t bytes, std::error_code& error) = 0;
  // Addresses without memory: a touch faults. nullptr, and `error`, where there are none.
  virtual std::byte* reserve(std::size_t bytes, std::error_code& error) = 0;
  // Puts readable and writable memory, all zero, behind reserved addresses.
  virtual std::error_code commit(std::byte* base, std::size_t bytes) = 0;
  // Takes the memory away again; the addresses stay reserved, a touch faults.
  virtual std::error_code decommit(std::byte* base, std::size_t bytes) = 0;
  // Takes the contents away; the memory stays accessible and reads as zero.
  virtual std::error_code discard(std::byte* base, std::size_t bytes) = 0;
  // Gives memory and addresses back.
  virtual std::error_code release(std::byte* base, std::size_t bytes) = 0;
  // What committed memory should be made of: huge pages, pages of a node (-1: any). A refusal does
  // no harm.
  virtual std::error_code advise(std::byte* base, std::size_t bytes, bool huge_pages,
                                 int numa_node) {
    static_cast<void>(base), static_cast<void>(bytes);
    static_cast<void>(huge_pages), static_cast<void>(numa_node);
    return {};
  }

 protected:
  ~VirtualMemory() = default;
};

inline constexpr int most_numa_nodes = 1024;  // of the kernel

VirtualMemory& system_memory();
std::size_t page_bytes();

}  // namespace allocator
