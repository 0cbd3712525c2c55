// How few preemptions the interleavings of a trace can do with.
#pragma once

#include "harness/strategies/dpor_trace.hpp"

namespace harness {

// Whether the trace has at most `bound` preemptions: switches away from a task that could have gone
// on, in an interleaving that has few. It is none where the task has just yielded or slept. Counted
// as GenMC does (Marmanis, Kokologiannakis, Vafeiadis, "Reconciling preemption bounding with DPOR",
// TACAS 2023), whose counts these are for s10 and s6x3: to leave a task before a lock that nobody
// has taken so far is none, and the interleaving is made from the end, each task going back as far
// as it can; that is the best one but for few traces (of 582 of s6x3 with one preemption or none,
// all but 6). True where finding out takes too long.
bool fits_into(const Trace& trace, std::uint32_t bound);

}  // namespace harness
