// How few preemptions the interleavings of a trace can do with.
#pragma once

#include "harness/strategies/dpor_trace.hpp"

namespace harness {

// Whether some interleaving of the trace has at most `bound` preemptions: switches away from a task
// that could have gone on. It is none where the task has just yielded or slept, or is about to take
// a lock that nobody has taken so far (with that rule s10 has the counts of GenMC; a bound covers a little
// more than the same bound of `dfs`). True where finding out takes too long.
bool fits_into(const Trace& trace, std::uint32_t bound);

}  // namespace harness
