// mmap() and its relatives: anonymous memory comes from the engine's arena, the rest is forwarded.
#include <sys/mman.h>

#include <cerrno>
#include <cstdarg>

#include "harness/runtime/caller.hpp"
#include "harness/stress/hooks.hpp"

namespace harness {
namespace {

// Stress mode: the hook is told before and after the call.
template <class Call>
auto hooked(Op op, const void* address, std::size_t bytes, int protection, std::uintptr_t where, Call call) {
  const stress_mode::Hooks* const hooks = stress_mode::hooks.load(std::memory_order_acquire);
  if (hooks == nullptr) return call();
  hooks->before_memory(op, address, bytes, protection, where);
  const auto result = call();
  const int error = errno;
  const bool failed = result == decltype(result)(-1);
  const void* range = address;
  if constexpr (std::is_pointer_v<decltype(result)>) range = result;
  hooks->after_memory(op, range, bytes, protection, failed, where);
  errno = error;
  return result;
}

// The same for mremap(): the old range goes, a new one comes.
void* remapped(void* address, std::size_t bytes, std::size_t wanted, int flags, void* target,
               std::uintptr_t where) {
  const auto call = [=] { return real::mremap(address, bytes, wanted, flags, target); };
  const stress_mode::Hooks* const hooks = stress_mode::hooks.load(std::memory_order_acquire);
  if (hooks == nullptr) return call();
  hooks->before_memory(Op::unmap, address, bytes, 0, where);
  void* const result = call();
  hooks->after_memory(Op::unmap, address, bytes, 0, result == MAP_FAILED, where);
  if (result == MAP_FAILED) return result;
  hooks->before_memory(Op::map, nullptr, wanted, PROT_READ | PROT_WRITE, where);
  hooks->after_memory(Op::map, result, wanted, PROT_READ | PROT_WRITE, false, where);
  return result;
}

bool in_arena(const void* address) {
  return MappedMemory::contains(reinterpret_cast<std::uintptr_t>(address));
}

bool on_page(const void* address) { return reinterpret_cast<std::uintptr_t>(address) % page_bytes == 0; }

std::uint64_t accessible(int protection) {
  return static_cast<std::uint64_t>(protection & (PROT_READ | PROT_WRITE | PROT_EXEC));
}

// Where a new mapping goes. Whether it takes an address that was unmapped before is a choice.
std::uintptr_t place(Engine& engine, const Event& event, void* wanted, std::size_t bytes, int flags) {
  if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0) return reinterpret_cast<std::uintptr_t>(wanted);
  const std::uintptr_t used = engine.memory().find_used(bytes);
  if (used != 0 && engine.choose(event, 2) == 1) return used;
  return engine.memory().find_fresh(bytes);
}

// Whoever touched what was there before has nothing to do with the new mapping.
void forget_accesses(Engine& engine, std::uintptr_t base, std::size_t bytes) {
  const std::uintptr_t end = base + bytes;
  for (std::uintptr_t at = base; (at = engine.memory().next_touched(at, end)) < end; at += page_bytes)
    engine.races().fresh(at, page_bytes);
}

void* map(void* wanted, std::size_t bytes, int protection, int flags, std::uintptr_t where) {
  const Entered entered;
  Engine& engine = *entered;
  const Event event{.op = Op::map, .bytes = bytes, .value = accessible(protection), .where = where};
  engine.reach(event);
  const std::uintptr_t fresh_from = engine.memory().fresh_from();
  const std::uintptr_t base = place(engine, event, wanted, bytes, flags);
  const bool taken = (flags & MAP_FIXED_NOREPLACE) != 0 && engine.memory().is_mapped(base, page_bytes);
  Event& now = engine.executing();
  now.object = base;
  now.failed = base == 0 || taken;
  const bool failed = now.failed;
  if (!failed && base < fresh_from) forget_accesses(engine, base, bytes);
  if (!failed)
    engine.memory().map(base, bytes, (protection & PROT_READ) != 0, (protection & PROT_WRITE) != 0);
  engine.executed();
  if (!failed) return reinterpret_cast<void*>(base);
  errno = taken ? EEXIST : ENOMEM;
  return MAP_FAILED;
}

// A call on a range of the arena: an event, and `act` on the memory.
template <class Act>
int on_range(Op op, void* address, std::size_t bytes, int protection, std::uintptr_t where, Act act) {
  const Entered entered;
  entered->reach({.op = op,
                  .object = reinterpret_cast<std::uintptr_t>(address),
                  .bytes = bytes,
                  .value = accessible(protection),
                  .where = where});
  act(entered->memory(), reinterpret_cast<std::uintptr_t>(address));
  entered->executed();
  return 0;
}

int refuse(int error) {
  errno = error;
  return -1;
}

}  // namespace
}  // namespace harness

using harness::active;
using harness::Op;
namespace real = harness::real;

HARNESS_EXPORT void* mmap(void* address, std::size_t bytes, int protection, int flags, int file,
                          off_t offset) noexcept {
  const bool ours = active != nullptr && (flags & MAP_ANONYMOUS) != 0 && (flags & MAP_SHARED) == 0 &&
                    ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == 0 || harness::in_arena(address));
  if (!ours)
    return harness::hooked(Op::map, address, bytes, protection, HARNESS_CALLER,
                           [&] { return real::mmap(address, bytes, protection, flags, file, offset); });
  if (bytes == 0 || !harness::on_page(address)) return harness::refuse(EINVAL), MAP_FAILED;
  return harness::map(address, bytes, protection, flags, HARNESS_CALLER);
}
HARNESS_EXPORT void* mmap64(void* address, std::size_t bytes, int protection, int flags, int file,
                            off_t offset) noexcept __attribute__((alias("mmap")));

HARNESS_EXPORT int munmap(void* address, std::size_t bytes) noexcept {
  if (active == nullptr || !harness::in_arena(address))
    return harness::hooked(Op::unmap, address, bytes, PROT_NONE, HARNESS_CALLER,
                           [&] { return real::munmap(address, bytes); });
  if (bytes == 0 || !harness::on_page(address)) return harness::refuse(EINVAL);
  return harness::on_range(Op::unmap, address, bytes, PROT_NONE, HARNESS_CALLER,
                           [=](auto& memory, auto base) { memory.unmap(base, bytes); });
}

HARNESS_EXPORT int mprotect(void* address, std::size_t bytes, int protection) noexcept {
  if (active == nullptr || !harness::in_arena(address))
    return harness::hooked(Op::protect, address, bytes, protection, HARNESS_CALLER,
                           [&] { return real::mprotect(address, bytes, protection); });
  if (!harness::on_page(address)) return harness::refuse(EINVAL);
  return harness::on_range(Op::protect, address, bytes, protection, HARNESS_CALLER,
                           [=](auto& memory, auto base) {
                             memory.protect(base, bytes, (protection & PROT_READ) != 0,
                                            (protection & PROT_WRITE) != 0);
                           });
}

HARNESS_EXPORT int madvise(void* address, std::size_t bytes, int advice) noexcept {
  const bool discards = advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE;
  if (active == nullptr || !harness::in_arena(address)) {
    const auto call = [&] { return real::madvise(address, bytes, advice); };
    return discards ? harness::hooked(Op::discard, address, bytes, 0, HARNESS_CALLER, call) : call();
  }
  if (!harness::on_page(address)) return harness::refuse(EINVAL);
  if (!discards) return 0;
  return harness::on_range(Op::discard, address, bytes, PROT_READ | PROT_WRITE, HARNESS_CALLER,
                           [=](auto& memory, auto base) { memory.discard(base, bytes); });
}

// Growing in place or moving is not modelled; callers must cope with a failure anyway.
HARNESS_EXPORT void* mremap(void* address, std::size_t bytes, std::size_t wanted, int flags, ...) noexcept {
  if (active == nullptr || !harness::in_arena(address)) {
    va_list more;
    va_start(more, flags);
    void* const target = (flags & MREMAP_FIXED) != 0 ? va_arg(more, void*) : nullptr;
    va_end(more);
    return harness::remapped(address, bytes, wanted, flags, target, HARNESS_CALLER);
  }
  const harness::Entered entered;
  entered->note_uncontrolled("mremap() of anonymous memory: refused with ENOMEM");
  errno = ENOMEM;
  return MAP_FAILED;
}
