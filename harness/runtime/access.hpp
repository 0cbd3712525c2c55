// Plain accesses by the code under test: is the memory plainly accessible, and is the access ordered with those
// of other tasks?
#pragma once

#include "harness/runtime/caller.hpp"

namespace harness {

// Bytes within the 8 of a cell.
constexpr bool fits_cell(std::uintptr_t address, std::size_t bytes) { return (address & 7) + bytes <= 8; }
constexpr std::uint8_t cell_mask(std::uintptr_t address, std::size_t bytes) {
  return static_cast<std::uint8_t>(((1u << bytes) - 1) << (address & 7));
}

// Is the memory still there? An atomic operation asks when it is executed, a plain access in its own time.
void check_mapped(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);

// The rare cases, out of line, so that the callbacks need no stack frame.
void check_closely(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);
void look_closer(Engine& engine, Cell& cell, std::uintptr_t address, std::size_t bytes, bool is_write,
                 std::uintptr_t where);
void look_everywhere(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);

// Inlined into every callback. The same access again in the same stretch between two synchronisations, which
// is most of them, ends here.
[[gnu::always_inline]] inline void look_for_races(Engine& engine, std::uintptr_t address, std::size_t bytes,
                                                  bool is_write, std::uintptr_t where) {
  const Races& races = engine.races();
  const Epoch now = races.epoch();
  if (Cell* const cell = races.shadow().find(address); cell != nullptr && fits_cell(address, bytes)) [[likely]] {
    const std::uint8_t mask = cell_mask(address, bytes);
    if (cell->written.is_of(now) && cell->written.covers(mask)) return;
    if (!is_write && cell->read.is_of(now) && cell->read.covers(mask)) return;
    if (now.tick() == 0 && !races.is_freed(*cell)) return;
    return look_closer(engine, *cell, address, bytes, is_write, where);
  }
  look_everywhere(address, bytes, is_write, where);
}

[[gnu::always_inline]] inline void check_access(const volatile void* pointer, std::size_t bytes, bool is_write,
                                                std::uintptr_t where) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (MappedMemory::contains(address)) [[unlikely]]
    return check_closely(address, bytes, is_write, where);
  if (!plain_matters) return;
  Engine* const engine = active;
  if (engine == nullptr) return;
  if (engine->points.may_be(where) || --engine->plain_left == 0) [[unlikely]]
    return check_closely(address, bytes, is_write, where);
  if (engine->races().started()) look_for_races(*engine, address, bytes, is_write, where);
}

void check_volatile(const volatile void* pointer, std::size_t bytes, bool is_write, std::uintptr_t where);
void check_range_closely(std::uintptr_t first, std::size_t bytes, bool is_write, std::uintptr_t where);

[[gnu::always_inline]] inline void check_range(const void* pointer, std::size_t bytes, bool is_write,
                                               std::uintptr_t where) {
  const auto first = reinterpret_cast<std::uintptr_t>(pointer);
  if (plain_matters || MappedMemory::contains(first)) check_range_closely(first, bytes, is_write, where);
}

}  // namespace harness
