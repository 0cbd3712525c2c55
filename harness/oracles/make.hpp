// All oracles, in the order in which they are asked about an event.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/engine/oracle.hpp"

namespace harness {

// The order matters where one event breaks several rules, and goes from cause to symptom: memory
// that was taken away explains a crash, a lost byte or a wrong count, and not the other way round.
std::vector<std::unique_ptr<Oracle>> make_oracles();
// The rules a variant may expect to be violated, sorted: those of the oracles and the engine's own.
std::vector<std::string> rule_names();
// The rule of that name in static storage, as a Violation needs it; nullptr where there is none.
const char* find_rule(std::string_view name);

}  // namespace harness
