#include "harness/engine/shadow.hpp"

#include "harness/engine/address_space.hpp"

namespace harness {

Cell& Shadow::make(std::uintptr_t address) {
  constexpr std::size_t cells = (std::size_t{1} << region_bits) / 8;
  regions_[(address >> region_bits) % regions_.size()] =
      static_cast<Cell*>(map_anonymous(cells * sizeof(Cell), false));
  return *find(address);
}

}  // namespace harness
