// Fatal signals in the worker: a handler on a stack of its own writes to the board which signal it
// was, where, in which task and at which address, and ends the worker. What it means (a freed
// region, a stack that overflowed) is found out by the watching process.
#pragma once

#include "harness/stress/board.hpp"

namespace harness::stress_mode {

// In the worker, once. Also catches std::terminate.
void catch_crashes(Board& board);
// For the calling thread, which is `task`: without it a stack overflow could not be caught.
void use_alternate_stack(TaskId task);

}  // namespace harness::stress_mode
