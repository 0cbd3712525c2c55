// Plain accesses by the code under test: is the memory plainly accessible, and is the access ordered with those
// of other tasks?
#pragma once

#include "harness/runtime/caller.hpp"

namespace harness {

// Is the memory still there? An atomic operation asks when it is executed, a plain access in its own time.
void check_mapped(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);

void look_closer(Engine& engine, Cell& cell, Epoch now, std::uintptr_t address, std::size_t bytes,
                 bool is_write, std::uintptr_t where);
void look_everywhere(Engine& engine, std::uintptr_t address, std::size_t bytes, bool is_write,
                     std::uintptr_t where);

// Inlined into every callback. The same access again in the same stretch between two synchronisations, which
// is most of them, ends here.
[[gnu::always_inline]] inline void look_for_races(Engine& engine, std::uintptr_t address, std::size_t bytes,
                                                  bool is_write, std::uintptr_t where) {
  const Races& races = engine.races();
  const Epoch now = races.epoch();
  if (!races.started()) return;
  const std::size_t offset = address & 7;
  if (offset + bytes <= 8) [[likely]] {
    if (Cell* const cell = races.shadow().find(address)) [[likely]] {
      const auto mask = static_cast<std::uint8_t>(((1u << bytes) - 1) << offset);
      if (cell->written.is_of(now) && cell->written.covers(mask)) return;
      if (!is_write && cell->read.is_of(now) && cell->read.covers(mask)) return;
      if (now.tick() == 0 && !races.is_freed(*cell)) return;
      return look_closer(engine, *cell, now.with(mask), address, bytes, is_write, where);
    }
  }
  look_everywhere(engine, address, bytes, is_write, where);
}

[[gnu::always_inline]] inline void check_access(const volatile void* pointer, std::size_t bytes, bool is_write,
                                                std::uintptr_t where) {
  Engine* const engine = active;
  if (engine == nullptr) return;
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (engine->points.may_be(where) || --engine->plain_left == 0) [[unlikely]] {
    const Entered entered;
    entered->maybe_point(address, bytes, is_write, where);
  }
  if (MappedMemory::contains(address)) check_mapped(address, bytes, is_write, where);
  look_for_races(*engine, address, bytes, is_write, where);
}

void check_volatile(const volatile void* pointer, std::size_t bytes, bool is_write, std::uintptr_t where);
void check_range(const void* pointer, std::size_t bytes, bool is_write, std::uintptr_t where);

}  // namespace harness
