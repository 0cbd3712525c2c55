// malloc() and its relatives: the program under test has a heap of its own, everybody else libc's.
#include <dlfcn.h>

#include <cerrno>
#include <new>

#include "harness/engine/loading.hpp"
#include "harness/engine/program_heap.hpp"
#include "harness/runtime/caller.hpp"
#include "harness/runtime/others_heap.hpp"

namespace harness {
namespace {

// While a plugin is being loaded, the dynamic linker's own allocations stay on libc's heap.
bool by_dynamic_linker(std::uintptr_t where) {
  static std::uintptr_t base = 0;
  static std::uintptr_t end = 0;
  if (base == 0) {
    const LoadingPaused paused;
    find_dynamic_linker(base, end);
  }
  return where >= base && where < end;
}

bool is_programs(std::uintptr_t where) {
  return active != nullptr || (loading() && !by_dynamic_linker(where));
}

// Tool mode, whether an execution is running or a plugin is being loaded.
class OnProgramHeap {
 public:
  OnProgramHeap() : engine_(active) { active = nullptr; }
  ~OnProgramHeap() { active = engine_; }
  OnProgramHeap(const OnProgramHeap&) = delete;
  OnProgramHeap& operator=(const OnProgramHeap&) = delete;
  UserHeap* operator->() const { return &program_heap(); }
  Engine* engine() const { return engine_; }

 private:
  Engine* engine_;
  LoadingPaused paused_;
};

void* allocate(std::size_t bytes, std::size_t alignment, std::uintptr_t where) {
  const OnProgramHeap heap;
  Engine* const engine = heap.engine();
  if (engine != nullptr) engine->choose_address(bytes, alignment, where);
  void* const block = heap->allocate(bytes, alignment);
  if (block == nullptr) errno = ENOMEM;
  if (block == nullptr || engine == nullptr) return block;
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  if (heap->reused()) engine->races().fresh(address, heap->size_of(block));
  engine->look_at_allocation(address, bytes, where);
  if (engine->settings().leaks) [[unlikely]]
    engine->note_allocation(address, bytes, where);
  return block;
}

void release(void* block, std::uintptr_t where) {
  Engine* const engine = active;
  const OnProgramHeap heap;
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  if (engine != nullptr) engine->look_at_free(address, heap->size_of(block), where);
  const UserHeap::Block before = heap->release(block, engine == nullptr ? no_task : engine->current().id);
  if (engine == nullptr || before == UserHeap::Block::live) return;
  engine->bad_free(address, before == UserHeap::Block::freed, where);
}

// Neither on a heap nor in a mapping of its own, but a variable: of the task that runs, or of an
// object.
bool is_variable(Engine& engine, void* block) {
  dl_find_object object;
  if (_dl_find_object(block, &object) == 0) return true;
  const Fiber& fiber = *engine.current().fiber;
  const AddressRange guard = fiber.guard();
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  return address >= guard.end() && address - guard.end() < fiber.stack_bytes();
}

// A block from before the execution: it is there again in the next one, and stays as it is until
// then.
void release_inherited(void* block, std::uintptr_t where) {
  if (is_on_tool_heap(block)) return tool_release(block);
  Engine& engine = *active;
  const OnProgramHeap heap;
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  if (is_variable(engine, block)) engine.bad_free(address, false, where);
  if (!engine.races().started()) return;
  const Cell* const cell = engine.races().shadow().find(address);
  if (cell != nullptr && engine.races().is_freed(*cell)) engine.bad_free(address, true, where);
  engine.look_at_free(address, others::usable(block), where);
}

std::size_t usable(void* block) {
  return UserHeap::contains(block) ? program_heap().size_of(block) : others::usable(block);
}

// Also for blocks from before the execution: those are copied, and stay.
void* reallocate(void* block, std::size_t bytes, std::uintptr_t where) {
  std::size_t before;
  {
    const OnProgramHeap heap;
    before = usable(block);
    if (UserHeap::contains(block) && bytes <= before && bytes * 2 > before) return block;
  }
  void* const moved = allocate(bytes, 16, where);
  if (moved == nullptr) return nullptr;
  real::memcpy(moved, static_cast<const void*>(block), std::min(before, bytes));
  if (UserHeap::contains(block)) release(block, where);
  return moved;
}

bool is_power_of_two(std::size_t value) { return value != 0 && (value & (value - 1)) == 0; }

// As the standard has it: who can make room is asked again and again.
void* allocate_or_throw(std::size_t bytes, std::size_t alignment, std::uintptr_t where) {
  for (;;) {
    void* const block = is_programs(where) ? allocate(bytes, alignment, where)
                        : alignment <= 16  ? others::allocate(bytes)
                                           : others::allocate_aligned(alignment, bytes);
    if (block != nullptr) return block;
    const std::new_handler makes_room = std::get_new_handler();
    if (makes_room == nullptr) throw std::bad_alloc();
    makes_room();
  }
}

void* allocate_or_null(std::size_t bytes, std::size_t alignment, std::uintptr_t where) noexcept try {
  return allocate_or_throw(bytes, alignment, where);
} catch (const std::bad_alloc&) {
  return nullptr;
}

void deallocate(void* block, std::uintptr_t where) {
  if (block == nullptr) return;
  if (UserHeap::contains(block)) return release(block, where);
  if (active != nullptr) return release_inherited(block, where);
  others::release(block);
}

}  // namespace
}  // namespace harness

using harness::UserHeap;

HARNESS_EXPORT void* malloc(std::size_t bytes) noexcept {
  if (!harness::is_programs(HARNESS_CALLER)) return harness::others::allocate(bytes);
  return harness::allocate(bytes, 16, HARNESS_CALLER);
}
HARNESS_EXPORT void free(void* block) noexcept {
  harness::deallocate(block, HARNESS_CALLER);
}
HARNESS_EXPORT void* calloc(std::size_t count, std::size_t bytes) noexcept {
  if (!harness::is_programs(HARNESS_CALLER)) return harness::others::allocate_zeroed(count, bytes);
  std::size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) return errno = ENOMEM, nullptr;
  void* const block = harness::allocate(total, 16, HARNESS_CALLER);
  if (block != nullptr) harness::real::memset(block, 0, total);
  return block;
}
HARNESS_EXPORT void* realloc(void* block, std::size_t bytes) noexcept {
  const bool ours = harness::is_programs(HARNESS_CALLER);
  if (block == nullptr)
    return ours ? harness::allocate(bytes, 16, HARNESS_CALLER) : harness::others::allocate(bytes);
  if (!ours && !UserHeap::contains(block)) return harness::others::reallocate(block, bytes);
  if (bytes == 0) return free(block), nullptr;
  return harness::reallocate(block, bytes, HARNESS_CALLER);
}
HARNESS_EXPORT void* reallocarray(void* block, std::size_t count, std::size_t bytes) noexcept {
  std::size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) return errno = ENOMEM, nullptr;
  return realloc(block, total);
}
HARNESS_EXPORT void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  if (!harness::is_programs(HARNESS_CALLER)) return harness::others::allocate_aligned(alignment, bytes);
  if (!harness::is_power_of_two(alignment)) return errno = EINVAL, nullptr;
  return harness::allocate(bytes, alignment, HARNESS_CALLER);
}
HARNESS_EXPORT void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  if (!harness::is_programs(HARNESS_CALLER)) return harness::others::allocate_aligned(alignment, bytes);
  if (!harness::is_power_of_two(alignment)) return errno = EINVAL, nullptr;
  return harness::allocate(bytes, alignment, HARNESS_CALLER);
}
HARNESS_EXPORT int posix_memalign(void** to, std::size_t alignment, std::size_t bytes) noexcept {
  if (!harness::is_power_of_two(alignment) || alignment % sizeof(void*) != 0) return EINVAL;
  const int error = errno;
  void* const block = harness::is_programs(HARNESS_CALLER)
                          ? harness::allocate(bytes, alignment, HARNESS_CALLER)
                          : harness::others::allocate_aligned(alignment, bytes);
  errno = error;
  if (block == nullptr) return ENOMEM;
  *to = block;
  return 0;
}
HARNESS_EXPORT void* valloc(std::size_t bytes) noexcept { return memalign(harness::page_bytes, bytes); }
HARNESS_EXPORT void* pvalloc(std::size_t bytes) noexcept {
  return memalign(harness::page_bytes, (bytes + harness::page_bytes - 1) & ~(harness::page_bytes - 1));
}
HARNESS_EXPORT std::size_t malloc_usable_size(void* block) noexcept {
  return block == nullptr ? 0 : harness::usable(block);
}

// --- what C++ calls. libstdc++ would send these on to malloc() and free(), but who has called it would not be known.
#define HARNESS_OPERATORS(which)                                                                       \
  HARNESS_OPERATOR void* operator new which(std::size_t bytes) {                                       \
    return harness::allocate_or_throw(bytes, 16, HARNESS_CALLER);                                      \
  }                                                                                                    \
  HARNESS_OPERATOR void* operator new which(std::size_t bytes, const std::nothrow_t&) noexcept {       \
    return harness::allocate_or_null(bytes, 16, HARNESS_CALLER);                                       \
  }                                                                                                    \
  HARNESS_OPERATOR void* operator new which(std::size_t bytes, std::align_val_t alignment) {           \
    return harness::allocate_or_throw(bytes, static_cast<std::size_t>(alignment), HARNESS_CALLER);     \
  }                                                                                                    \
  HARNESS_OPERATOR void* operator new which(std::size_t bytes, std::align_val_t alignment,             \
                                            const std::nothrow_t&) noexcept {                          \
    return harness::allocate_or_null(bytes, static_cast<std::size_t>(alignment), HARNESS_CALLER);      \
  }                                                                                                    \
  HARNESS_OPERATOR void operator delete which(void* block) noexcept {                                  \
    harness::deallocate(block, HARNESS_CALLER);                                                        \
  }                                                                                                    \
  HARNESS_OPERATOR void operator delete which(void* block, std::size_t) noexcept {                     \
    harness::deallocate(block, HARNESS_CALLER);                                                        \
  }                                                                                                    \
  HARNESS_OPERATOR void operator delete which(void* block, const std::nothrow_t&) noexcept {           \
    harness::deallocate(block, HARNESS_CALLER);                                                        \
  }                                                                                                    \
  HARNESS_OPERATOR void operator delete which(void* block, std::align_val_t) noexcept {                \
    harness::deallocate(block, HARNESS_CALLER);                                                        \
  }                                                                                                    \
  HARNESS_OPERATOR void operator delete which(void* block, std::size_t, std::align_val_t) noexcept {   \
    harness::deallocate(block, HARNESS_CALLER);                                                        \
  }                                                                                                    \
  HARNESS_OPERATOR void operator delete which(void* block, std::align_val_t,                           \
                                              const std::nothrow_t&) noexcept {                        \
    harness::deallocate(block, HARNESS_CALLER);                                                        \
  }

#define HARNESS_OPERATOR [[gnu::visibility("default")]]
#define HARNESS_ONE
HARNESS_OPERATORS(HARNESS_ONE)
HARNESS_OPERATORS([])
