// What a pool of the kind `claimed` is made of, fixed when it is compiled: the pool that ships and
// the small ones that are explored exhaustively are the same code with other numbers.
#pragma once

#include <cstddef>

#include "allocator/slice.hpp"

namespace allocator::claimed {

struct Shape {
  unsigned word_slices;       // slices that one word stands for: a power of two, 1 to 32
  std::size_t classes;        // the first so many of size_classes
  std::size_t growth_slices;  // a growth maps regions for at least so many; 0: by Options::cores
};

inline constexpr Shape shipped_shape{32, size_classes.size(), 0};
inline constexpr Shape small_shape{2, 2, 1};

}  // namespace allocator::claimed
