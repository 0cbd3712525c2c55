// The scenarios of this process, and which shared object each came from.
#pragma once

#include <cstdint>
#include <span>

#include "harness/scenario.hpp"

namespace harness {

// An address inside the shared object that registered `scenario` (to find what to restore between
// executions); 0 where it is not in the registry.
std::uintptr_t module_of(const Scenario& scenario);
std::span<const std::uintptr_t> registered_modules();

}  // namespace harness
