#include "harness/cli/unknown_name.hpp"

#include <fmt/format.h>

#include "harness/engine/nearest.hpp"

namespace harness::cli {

std::string unknown_briefly(std::string_view what, std::string_view wrong,
                            const std::vector<std::string>& known) {
  const std::string near = nearest(wrong, known);
  if (near.empty()) return unknown(what, wrong, known);
  return fmt::format("unknown {} '{}'; did you mean '{}'?", what, wrong, near);
}

}  // namespace harness::cli
