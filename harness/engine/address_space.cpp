#include "harness/engine/address_space.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "harness/engine/errors.hpp"
#include "harness/engine/raw_syscall.hpp"

namespace harness {
namespace {

// The system call itself: mmap() is one of the functions that this library interposes. MAP_FAILED and errno
// as there.
void* raw_mmap(std::uintptr_t base, std::size_t bytes, int protection, int flags) {
  const long result = raw_syscall(SYS_mmap, static_cast<long>(base), static_cast<long>(bytes), protection,
                                  flags, -1, 0);
  if (result >= 0 || result < -4095) return reinterpret_cast<void*>(result);
  errno = static_cast<int>(-result);
  return MAP_FAILED;
}

// A few, made when a worker begins. (Not on the heap: that may be in the making.)
std::array<AddressRange, 64> own;
std::size_t own_count = 0;

[[noreturn]] void refused(std::size_t bytes) {
  throw std::runtime_error(fmt::format(
      "cannot reserve {} MiB of address space: {}; check `ulimit -v` and vm.overcommit_memory",
      bytes >> 20, std::strerror(errno)));
}

}  // namespace

void reserve_at(std::uintptr_t base, std::size_t bytes, bool accessible) {
  const int protection = accessible ? PROT_READ | PROT_WRITE : PROT_NONE;
  void* const got = raw_mmap(base, bytes, protection,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE);
  if (got != reinterpret_cast<void*>(base)) refused(bytes);
}

void* map_anonymous(std::size_t bytes, bool shared) {
  void* const got = raw_mmap(0, bytes, PROT_READ | PROT_WRITE,
                             (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS | MAP_NORESERVE);
  if (got == MAP_FAILED) refused(bytes);
  if (!shared) {
    HARNESS_CHECK(own_count < own.size());
    own[own_count++] = {reinterpret_cast<std::uintptr_t>(got), bytes};
  }
  return got;
}

std::span<const AddressRange> own_mappings() { return {own.data(), own_count}; }

}  // namespace harness
