// Pools that only the library under test has: `claimed` in a shape small enough to explore every
// interleaving, right or with one of the planted defects. Made of the same templates as the pool
// that ships.
#pragma once

#include <memory>
#include <string_view>

#include "allocator/allocator.hpp"
#include "allocator/defects.hpp"

namespace allocator {

// Words of 2 slices, the two smallest classes, and growth by one region. A region of
// Options::region_bytes = 16 KiB is 2 words x 2 slices of the smallest class.
std::unique_ptr<Pool> make_small(const Options& options);

// The same with one of named_defects, by name. Throws std::invalid_argument for an unknown name.
std::unique_ptr<Pool> make_defective(std::string_view defect, const Options& options);

}  // namespace allocator
