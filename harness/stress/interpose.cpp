// The intercepted calls of the sanitizer builds, where there is no engine: defined in the
// executable and exported, so that they come before the sanitizer's and libc's. Each tells the
// hooks and then calls the sanitizer's own interceptor, or the kernel where it has none. In the
// plain build the runtime does this.
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "harness/point.hpp"
#include "harness/stress/hooks.hpp"
#include "harness/stress/invisible.hpp"
#include "harness/stress/kept.hpp"
#include "harness/stress/sanitizer.hpp"

#define HARNESS_EXPORTED [[gnu::visibility("default")]]
#define HARNESS_WHERE reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))

extern "C" {
[[gnu::weak]] void* __interceptor_mmap(void*, std::size_t, int, int, int, off_t);
[[gnu::weak]] int __interceptor_mprotect(void*, std::size_t, int);
}

namespace harness::stress_mode {
namespace {

// Where the sanitizer's shared libraries are.
struct Span {
  std::uintptr_t low;
  std::uintptr_t high;
};
std::array<Span, 16> sanitizer_code;
std::size_t sanitizer_spans = 0;

int find_code(dl_phdr_info* module, std::size_t, void*) {
  const char* slash = std::strrchr(module->dlpi_name, '/');
  const char* name = slash != nullptr ? slash + 1 : module->dlpi_name;
  const bool wanted = std::strncmp(name, "libtsan", 7) == 0 ||
                      std::strncmp(name, "libasan", 7) == 0 ||
                      std::strncmp(name, "libubsan", 8) == 0;
  for (int i = 0; wanted && i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = module->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    const std::uintptr_t low = module->dlpi_addr + part.p_vaddr;
    if (sanitizer_spans < sanitizer_code.size())
      sanitizer_code[sanitizer_spans++] = {low, low + part.p_memsz};
  }
  return 0;
}

// The hooks that a call from `where` is to be told to; null: none.
const Hooks* hooks_for(std::uintptr_t where) {
  const Hooks* table = hooks.load(std::memory_order_acquire);
  if (table == nullptr) return nullptr;
  for (std::size_t i = 0; i < sanitizer_spans; ++i)
    if (where >= sanitizer_code[i].low && where < sanitizer_code[i].high) return nullptr;
  return table;
}

void* real_mmap(void* address, std::size_t bytes, int prot, int flags, int file, off_t offset) {
  if (__interceptor_mmap != nullptr)
    return __interceptor_mmap(address, bytes, prot, flags, file, offset);
  return reinterpret_cast<void*>(syscall(SYS_mmap, address, bytes, prot, flags, file, offset));
}

void* map(void* address, std::size_t bytes, int prot, int flags, int file, off_t offset,
          std::uintptr_t where) {
  const Hooks* table = hooks_for(where);
  if (table == nullptr) return real_mmap(address, bytes, prot, flags, file, offset);
  // MAP_FIXED_NOREPLACE is a bit of its own, which older kernels take for a hint.
  const bool replaces = (flags & MAP_FIXED) != 0 && (flags & MAP_FIXED_NOREPLACE) == 0;
  table->before_memory(Op::map, replaces ? address : nullptr, bytes, prot, where);
  const bool refuses = (flags & MAP_FIXED_NOREPLACE) != 0;
  if (replaces || refuses) take_from_kept(address, bytes, refuses);
  void* result = real_mmap(address, bytes, prot, flags, file, offset);
  table->after_memory(Op::map, result, bytes, prot, result == MAP_FAILED, where);
  return result;
}

int unmap_or_keep(void* address, std::size_t bytes) {
  if (keep_range(address, bytes)) return 0;
  take_from_kept(address, bytes, false);  // the call unmaps what is kept there, too
  return real_munmap(address, bytes);
}

int fails_with(int error) {
  errno = error;
  return -1;
}

}  // namespace

void find_sanitizer_libraries() {
  sanitizer_spans = 0;
  dl_iterate_phdr(find_code, nullptr);
}

}  // namespace harness::stress_mode

using harness::Op;
using harness::stress_mode::fails_with;
using harness::stress_mode::Hooks;
using harness::stress_mode::hooks_for;
using harness::stress_mode::touches_kept;
using harness::stress_mode::unmap_or_keep;

extern "C" {

HARNESS_EXPORTED void* mmap(void* address, std::size_t bytes, int prot, int flags, int file,
                            off_t offset) noexcept {
  return harness::stress_mode::map(address, bytes, prot, flags, file, offset, HARNESS_WHERE);
}

HARNESS_EXPORTED void* mmap64(void* address, std::size_t bytes, int prot, int flags, int file,
                              off64_t offset) noexcept {
  return harness::stress_mode::map(address, bytes, prot, flags, file, offset, HARNESS_WHERE);
}

HARNESS_EXPORTED int munmap(void* address, std::size_t bytes) noexcept {
  const Hooks* table = hooks_for(HARNESS_WHERE);
  if (table == nullptr) return harness::stress_mode::plain_munmap(address, bytes);
  table->before_memory(Op::unmap, address, bytes, 0, HARNESS_WHERE);
  const int result = unmap_or_keep(address, bytes);
  table->after_memory(Op::unmap, address, bytes, 0, result != 0, HARNESS_WHERE);
  return result;
}

HARNESS_EXPORTED int mprotect(void* address, std::size_t bytes, int prot) noexcept {
  const auto real = [&] {
    if (__interceptor_mprotect != nullptr) return __interceptor_mprotect(address, bytes, prot);
    return static_cast<int>(syscall(SYS_mprotect, address, bytes, prot));
  };
  const Hooks* table = hooks_for(HARNESS_WHERE);
  if (table == nullptr) return real();
  table->before_memory(Op::protect, address, bytes, prot, HARNESS_WHERE);
  const int result = touches_kept(address, bytes) ? fails_with(ENOMEM) : real();
  table->after_memory(Op::protect, address, bytes, prot, result != 0, HARNESS_WHERE);
  return result;
}

HARNESS_EXPORTED int madvise(void* address, std::size_t bytes, int advice) noexcept {
  const Hooks* table = hooks_for(HARNESS_WHERE);
  const bool discards = advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE;
  if (table == nullptr || !discards)
    return static_cast<int>(syscall(SYS_madvise, address, bytes, advice));
  table->before_memory(Op::discard, address, bytes, 0, HARNESS_WHERE);
  const int result = touches_kept(address, bytes)
                         ? fails_with(ENOMEM)
                         : static_cast<int>(syscall(SYS_madvise, address, bytes, advice));
  table->after_memory(Op::discard, address, bytes, 0, result != 0, HARNESS_WHERE);
  return result;
}

HARNESS_EXPORTED void* mremap(void* address, std::size_t bytes, std::size_t new_bytes, int flags,
                              ...) noexcept {
  va_list more;
  va_start(more, flags);
  void* target = (flags & MREMAP_FIXED) != 0 ? va_arg(more, void*) : nullptr;
  va_end(more);
  const auto real = [&] {
    return reinterpret_cast<void*>(syscall(SYS_mremap, address, bytes, new_bytes, flags, target));
  };
  const Hooks* table = hooks_for(HARNESS_WHERE);
  if (table == nullptr) return real();
  table->before_memory(Op::unmap, address, bytes, 0, HARNESS_WHERE);
  void* result = touches_kept(address, bytes) ? (fails_with(EFAULT), MAP_FAILED) : real();
  table->after_memory(Op::unmap, address, bytes, 0, result == MAP_FAILED, HARNESS_WHERE);
  if (result == MAP_FAILED) return result;
  table->before_memory(Op::map, nullptr, new_bytes, PROT_READ | PROT_WRITE, HARNESS_WHERE);
  table->after_memory(Op::map, result, new_bytes, PROT_READ | PROT_WRITE, false, HARNESS_WHERE);
  return result;
}

// Defined in libc as noreturn; the hook ends the worker, and without one the program ends as ever.
[[noreturn]] HARNESS_EXPORTED void __assert_fail(const char* expression, const char* file,
                                                 unsigned line, const char* function) noexcept {
  if (const Hooks* table = hooks_for(HARNESS_WHERE))
    table->asserted(expression, file, line, HARNESS_WHERE);
  std::fprintf(stderr, "%s:%u: %s: assertion `%s' failed\n", file, line, function, expression);
  std::abort();
}

HARNESS_EXPORTED void harness_point(const char* name) {
  if (const Hooks* table = hooks_for(HARNESS_WHERE)) table->point(name, HARNESS_WHERE);
}

HARNESS_EXPORTED void harness_closed(const void* base, std::size_t bytes) {
  const harness_observation observation{HARNESS_CLOSED, base, bytes, 0, 0, nullptr, nullptr};
  if (const Hooks* table = hooks_for(HARNESS_WHERE)) table->observed(observation, HARNESS_WHERE);
}

HARNESS_EXPORTED void harness_observe(const harness_observation* observation) {
  if (const Hooks* table = hooks_for(HARNESS_WHERE)) table->observed(*observation, HARNESS_WHERE);
}

}  // extern "C"
