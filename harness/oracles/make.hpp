// All oracles, in the order in which they are asked about an event.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/engine/oracle.hpp"

namespace harness {

std::vector<std::unique_ptr<Oracle>> make_oracles();
// The rules a variant may expect to be violated, sorted: those of the oracles and the engine's own.
std::vector<std::string> rule_names();

}  // namespace harness
