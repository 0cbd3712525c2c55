// Schedules that stop at functions ("reader@leave:SlicePool::poll").
#pragma once

#include "harness/engine/engine.hpp"
#include "harness/engine/schedule.hpp"

namespace harness {

// Tells, for an address in a function, that function's name, where the schedule stops at it. nullptr where the
// schedule names no function. One schedule at a time.
Engine::FunctionName stop_at_functions(const Schedule& schedule);

}  // namespace harness
