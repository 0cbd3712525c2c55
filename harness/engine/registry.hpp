// The scenarios of this process, and which shared object each came from.
#pragma once

#include <cstdint>
#include <span>

#include "harness/scenario.hpp"

namespace harness {

// What to restore between executions of a scenario.
struct Origin {
  std::uintptr_t module = 0;  // an address inside the shared object that registered it; 0: it is not in the registry
  std::size_t heap_part = 0;  // what that has allocated, see UserHeap
};
Origin origin_of(const Scenario& scenario);
std::span<const std::uintptr_t> registered_modules();

}  // namespace harness
