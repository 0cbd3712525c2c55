// The pool that ships, behind the interface of all generations.
#include "allocator/claimed/variant.hpp"
#include "allocator/variants.hpp"

std::unique_ptr<allocator::Pool> allocator::make_claimed(const Options& options) {
  return std::make_unique<claimed::Variant<claimed::shipped_shape, no_defects>>(options);
}
