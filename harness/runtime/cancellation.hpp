// Deferred cancellation: a task that was cancelled ends at its next cancellation point, as by pthread_exit().
#pragma once

#include "harness/runtime/caller.hpp"

namespace harness {

// Ends the current task here, running destructors and cleanup handlers.
[[noreturn]] void exit_thread(void* result);

// Ends the current task where it was cancelled and lets itself be.
void end_if_cancelled();

// A call that may block, made in tool mode. It is cancelled before it begins, or where the cancellation ended
// its waiting; once it has done what it was called for, it returns.
template <class Call>
auto cancellation_point(Call call) {
  end_if_cancelled();
  auto result = [&] {
    const Entered entered;
    entered->current().interrupted = false;
    return call(*entered);
  }();
  if (active->current().interrupted) end_if_cancelled();
  return result;
}

}  // namespace harness
