// An event as it stands in a recording: with the call stack of its task.
#pragma once

#include <array>
#include <cstdint>

#include "harness/engine/event.hpp"

namespace harness {

struct Recorded {
  Event event;
  std::uint32_t depth = 0;
  std::array<std::uintptr_t, 20> stack{};  // return addresses, innermost first
};

inline Recorded without_stack(const Event& event) { return {event, 1, {event.where}}; }

}  // namespace harness
