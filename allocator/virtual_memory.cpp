// VirtualMemory on Linux: mmap, mprotect, madvise, munmap and mbind, and nothing else.
#include "allocator/virtual_memory.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace allocator {
namespace {

std::error_code result_of(int returned) {
  return returned == 0 ? std::error_code{} : std::error_code{errno, std::system_category()};
}

class SystemMemory final : public VirtualMemory {
 public:
  std::byte* map(std::size_t bytes, std::error_code& error) override {
    return mapped(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, error);
  }

  std::byte* reserve(std::size_t bytes, std::error_code& error) override {
    return mapped(bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, error);
  }

  std::error_code commit(std::byte* base, std::size_t bytes) override {
    return result_of(mprotect(base, bytes, PROT_READ | PROT_WRITE));
  }

  // One call that takes memory and access away together: with mprotect and madvise the second could
  // fail after the first. The kernel refuses (too many mappings) before it touches what is there.
  std::error_code decommit(std::byte* base, std::size_t bytes) override {
    void* const got = mmap(base, bytes, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return result_of(got == MAP_FAILED ? -1 : 0);
  }

  std::error_code discard(std::byte* base, std::size_t bytes) override {
    return result_of(madvise(base, bytes, MADV_DONTNEED));
  }

  std::error_code release(std::byte* base, std::size_t bytes) override {
    return result_of(munmap(base, bytes));
  }

  // mbind() has no wrapper in the C library, and its own library is not worth a dependency.
  std::error_code advise(std::byte* base, std::size_t bytes, bool huge_pages,
                         int numa_node) override {
    std::error_code refused;
    if (huge_pages) refused = result_of(madvise(base, bytes, MADV_HUGEPAGE));
    if (numa_node < 0) return refused;
    constexpr unsigned long prefer = 1;  // MPOL_PREFERRED
    constexpr std::size_t bits = 8 * sizeof(unsigned long);
    std::array<unsigned long, most_numa_nodes / bits> nodes{};
    nodes[static_cast<std::size_t>(numa_node) / bits] = 1ul << numa_node % bits;
    // The kernel takes the number of bits to be one less than it is told.
    constexpr unsigned long told_bits = most_numa_nodes + 1;
    if (syscall(SYS_mbind, base, bytes, prefer, nodes.data(), told_bits, 0) != 0)
      refused = result_of(-1);
    return refused;
  }

 private:
  static std::byte* mapped(std::size_t bytes, int protection, int flags, std::error_code& error) {
    void* const base = mmap(nullptr, bytes, protection, flags, -1, 0);
    if (base == MAP_FAILED) {
      error = std::error_code{errno, std::system_category()};
      return nullptr;
    }
    error.clear();
    return static_cast<std::byte*>(base);
  }
};

// Constant initialisation and no destructor to run: usable before main and after it, and no guard
// that every pool would have to look at.
constinit SystemMemory the_system;

}  // namespace

VirtualMemory& system_memory() { return the_system; }

std::size_t page_bytes() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace allocator
