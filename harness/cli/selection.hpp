// Which variants of which scenarios a run is about.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario.hpp"

namespace harness::cli {

struct Selected {
  const Scenario* scenario = nullptr;
  std::vector<const Variant*> variants;  // never empty; in the scenario's order
};

// Sorted by name of the scenario. Throws UsageError, see choose(). Points into `all`.
std::vector<Selected> select(const std::vector<Scenario>& all, std::string_view scenario_pattern,
                             std::string_view variant_pattern);
// "scenario/variant" lines, sorted, each ending in a newline.
std::string listing(const std::vector<Selected>& selected);

}  // namespace harness::cli
