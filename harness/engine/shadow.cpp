#include "harness/engine/shadow.hpp"

#include <sys/mman.h>

#include "harness/engine/address_space.hpp"
#include "harness/engine/real.hpp"

namespace harness {

Cell& Shadow::make(std::uintptr_t address) {
  regions_[(address >> region_bits) % regions_.size()] =
      static_cast<Cell*>(map_anonymous(region_bytes, false));
  return *find(address);
}

void Shadow::forget() {
  for (Cell* const region : regions_)
    if (region != nullptr) real::madvise(region, region_bytes, MADV_DONTNEED);
}

}  // namespace harness
