// The callbacks that -fsanitize=thread puts before plain accesses and around functions.
#include "harness/runtime/access.hpp"

namespace harness {

void check_mapped(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where) {
  if (active == nullptr) return;
  if (active->access_is_point) {
    const Entered entered;
    entered->reach_access(address, bytes, is_write, where);
  }
  const MappedMemory& memory = active->memory();
  const std::uintptr_t last = address + bytes - 1;
  const bool first_is_plain = memory.plain(address);
  if (first_is_plain && (!MappedMemory::contains(last) || memory.plain(last))) [[likely]]
    return;
  const Entered entered;
  entered->suspicious_access(first_is_plain ? last : address, bytes, is_write, where);
}

void check_closely(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where) {
  if (active == nullptr) return;
  Engine& engine = *active;
  if (engine.points.may_be(where) || engine.plain_left == 0) {
    const Entered entered;
    entered->maybe_point(address, bytes, is_write, where);
  }
  if (MappedMemory::contains(address)) check_mapped(address, bytes, is_write, where);
  if (engine.races().started()) look_for_races(engine, address, bytes, is_write, where);
}

void look_everywhere(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where) {
  const Entered entered;
  entered->look_at(address, bytes, is_write, where);
}

void look_closer(Engine& engine, Cell& cell, std::uintptr_t address, std::size_t bytes, bool is_write,
                 std::uintptr_t where) {
  const Epoch now = engine.races().epoch().with(cell_mask(address, bytes));
  if (engine.settings().records || !engine.races().plainly(cell, now, is_write, where)) [[unlikely]]
    look_everywhere(address, bytes, is_write, where);
}

// Every page once: the first that is not plainly accessible is what is reported.
void check_range_closely(std::uintptr_t first, std::size_t bytes, bool is_write, std::uintptr_t where) {
  if (bytes == 0 || active == nullptr) return;
  if (active->points.may_be(where)) [[unlikely]] {
    const Entered entered;
    entered->maybe_point(first, bytes, is_write, where);
  }
  if (MappedMemory::contains(first)) {
    const std::uintptr_t end = std::min(first + bytes, mapping_range.end());
    for (std::uintptr_t at = first; at < end; at = (at & ~(page_bytes - 1)) + page_bytes)
      check_mapped(at, 1, is_write, where);
  }
  if (!active->races().started()) return;
  const Entered entered;
  entered->look_at(first, bytes, is_write, where);
}

namespace {

[[gnu::cold]] void stop_at_function(Op op, std::uintptr_t where) {
  const Entered entered;
  const char* const name = entered->settings().function_name(where);
  if (name == nullptr) return;
  entered->reach(Event{.op = op, .label = name, .where = where});
  entered->executed();
}

}  // namespace

// Seen only where the compiler is told to tell them apart. Their order is what the program wants: scheduling
// points, and no races.
void check_volatile(const volatile void* pointer, std::size_t bytes, bool is_write, std::uintptr_t where) {
  if (active == nullptr) return;
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  {
    const Entered entered;
    entered->reach_volatile(address, bytes, is_write, where);
  }
  if (MappedMemory::contains(address)) check_mapped(address, bytes, is_write, where);
}

}  // namespace harness

using harness::active;

#define HARNESS_ACCESS(name, bytes, is_write)                      \
  HARNESS_EXPORT void name(void* address) {                        \
    harness::check_access(address, bytes, is_write, HARNESS_CALLER); \
  }
#define HARNESS_ACCESS_PC(name, bytes, is_write)                   \
  HARNESS_EXPORT void name(void* address, void*) {                 \
    harness::check_access(address, bytes, is_write, HARNESS_CALLER); \
  }
#define HARNESS_VOLATILE(name, bytes, is_write)                      \
  HARNESS_EXPORT void name(void* address) {                          \
    harness::check_volatile(address, bytes, is_write, HARNESS_CALLER); \
  }
#define HARNESS_ACCESSES(bytes)                                \
  HARNESS_ACCESS(__tsan_read##bytes, bytes, false)             \
  HARNESS_ACCESS(__tsan_write##bytes, bytes, true)             \
  HARNESS_ACCESS(__tsan_unaligned_read##bytes, bytes, false)   \
  HARNESS_ACCESS(__tsan_unaligned_write##bytes, bytes, true)   \
  HARNESS_ACCESS(__tsan_read_write##bytes, bytes, true)        \
  HARNESS_ACCESS(__tsan_unaligned_read_write##bytes, bytes, true) \
  HARNESS_VOLATILE(__tsan_volatile_read##bytes, bytes, false)    \
  HARNESS_VOLATILE(__tsan_volatile_write##bytes, bytes, true)    \
  HARNESS_VOLATILE(__tsan_unaligned_volatile_read##bytes, bytes, false) \
  HARNESS_VOLATILE(__tsan_unaligned_volatile_write##bytes, bytes, true) \
  HARNESS_ACCESS_PC(__tsan_read##bytes##_pc, bytes, false)     \
  HARNESS_ACCESS_PC(__tsan_write##bytes##_pc, bytes, true)

HARNESS_ACCESSES(1)
HARNESS_ACCESSES(2)
HARNESS_ACCESSES(4)
HARNESS_ACCESSES(8)
HARNESS_ACCESSES(16)

HARNESS_EXPORT void __tsan_vptr_read(void** address) {
  harness::check_access(address, sizeof *address, false, HARNESS_CALLER);
}
HARNESS_EXPORT void __tsan_vptr_update(void** address, void* value) {
  if (*address == value) return;  // a destructor that finds what it would write
  harness::check_access(address, sizeof *address, true, HARNESS_CALLER);
}
HARNESS_EXPORT void __tsan_read_range(void* address, unsigned long bytes) {
  harness::check_range(address, bytes, false, HARNESS_CALLER);
}
HARNESS_EXPORT void __tsan_write_range(void* address, unsigned long bytes) {
  harness::check_range(address, bytes, true, HARNESS_CALLER);
}

// The call stack as the instrumentation reports it: the return address of every function that was entered.
HARNESS_EXPORT void __tsan_func_entry(void* call_site) {
  harness::Engine* const engine = active;
  if (engine == nullptr) return;
  std::uintptr_t* const top = engine->shadow_top++;
  if (top < engine->shadow_end) [[likely]]
    *top = reinterpret_cast<std::uintptr_t>(call_site);
  if (engine->settings().function_name != nullptr) [[unlikely]]
    harness::stop_at_function(harness::Op::enter, HARNESS_CALLER);
}

HARNESS_EXPORT void __tsan_func_exit() {
  harness::Engine* const engine = active;
  if (engine == nullptr) return;
  if (engine->settings().function_name != nullptr) [[unlikely]]
    harness::stop_at_function(harness::Op::leave, HARNESS_CALLER);
  if (engine->shadow_top > engine->shadow_base) --engine->shadow_top;
}

HARNESS_EXPORT void __tsan_init() {}
// Ranges that the program asks not to be looked at: nothing of ours depends on them.
HARNESS_EXPORT void __tsan_ignore_thread_begin() {}
HARNESS_EXPORT void __tsan_ignore_thread_end() {}
