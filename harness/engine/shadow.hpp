// Shadow: what is known about every 8 bytes of the program's memory, found by arithmetic. The last plain
// write and the last plain read are at hand; whatever does not fit into them is in an entry elsewhere.
//
// A cell of an earlier execution is as good as empty: its ticks are too old, its entries do not point back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/engine/vector_clock.hpp"

namespace harness {

struct Cell {
  Epoch written;
  Epoch read;
  std::uint32_t written_at = 0;  // low half of the return address of the access
  std::uint32_t read_at = 0;
  std::uint32_t atomics = 0;     // index of the first atomic object in these bytes (see Races)
  std::uint32_t details = 0;     // index of the accesses that do not fit
};
static_assert(sizeof(Cell) == 32);

class Shadow {
 public:
  // nullptr where the region has none yet.
  [[gnu::always_inline]] Cell* find(std::uintptr_t address) const {
    Cell* const region = regions_[(address >> region_bits) % regions_.size()];
    return region == nullptr ? nullptr : region + ((address & region_mask) >> 3);
  }
  Cell& at(std::uintptr_t address) {
    if (Cell* const cell = find(address)) return *cell;
    return make(address);
  }
  // All cells are empty.
  void forget();

 private:
  static constexpr unsigned region_bits = 38;  // 256 GiB of memory, 1 TiB of reserved address space
  static constexpr std::uintptr_t region_mask = (std::uintptr_t{1} << region_bits) - 1;
  static constexpr std::size_t region_bytes = (std::size_t{1} << region_bits) / 8 * sizeof(Cell);
  Cell& make(std::uintptr_t address);

  std::array<Cell*, std::size_t{1} << (47 - region_bits)> regions_{};
};

}  // namespace harness
