// Signals in a worker: faults that are the first touch of a page, faults that are the program's end, and the
// watching process asking where we are.
#pragma once

#include <csignal>

#include "harness/engine/engine.hpp"

namespace harness {

inline constexpr int watchdog_signal = SIGUSR2;

void install_crash_handler(Engine& engine, MappedMemory& memory, Shared& shared);

}  // namespace harness
