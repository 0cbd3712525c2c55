// Pools that only the library under test has, as variants of a scenario: `small`, which is
// `claimed` with words of two slices, and the same with one of the planted defects
// (allocator/defects.hpp).
#pragma once

#include <algorithm>
#include <memory>
#include <string_view>

#include "allocator/planted.hpp"
#include "scenarios/observed_pool.hpp"

namespace scenarios {

// A region of two words of two slices each.
inline constexpr std::size_t two_words = 4 * page;

// `variant` is a generation of the allocator, `small`, or the name of a planted defect. Throws
// std::invalid_argument for any other.
inline std::unique_ptr<ObservedPool> observed_or_planted(std::string_view variant,
                                                         const allocator::Options& options) {
  const auto known = allocator::variants();
  if (std::find(known.begin(), known.end(), variant) != known.end()) {
    return observed(variant, options);
  }
  if (variant == "small") return std::make_unique<ObservedPool>(allocator::make_small(options));
  return std::make_unique<ObservedPool>(allocator::make_defective(variant, options));
}

}  // namespace scenarios
