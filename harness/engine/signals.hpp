// Signals among the tasks of an execution. None goes through the kernel: what the program installs stays in a
// table that is as new for every execution, and a handler is called on the fiber of the task that the signal
// is for, when that comes back from the call it is in.
#pragma once

#include <signal.h>

#include <cstdint>

#include "harness/engine/engine.hpp"

namespace harness {

constexpr bool is_signal(int signal) { return signal > 0 && signal < NSIG; }
constexpr std::uint64_t bit_of(int signal) { return std::uint64_t{1} << (signal - 1); }

// The bits of a sigset_t, and back.
std::uint64_t bits_of(const sigset_t& set);
sigset_t set_of(std::uint64_t bits);

// To be called before the mask of the current task matters.
void forget_left_handlers(Task& me);
// A step: from now on the signal is pending for `task`. With `signal` 0 only that.
void send_signal(Engine& engine, Task& task, int signal, std::uintptr_t where);
// The task that a signal for the whole process goes to: the current one, where it does not block it.
Task& receiver_of(Engine& engine, int signal);
// Waits, with `blocked` for a mask meanwhile, until a handler has something to do.
void wait_for_handler(Engine& engine, std::uint64_t blocked, std::uintptr_t where);
// Waits until one of `awaited` is pending, and takes it. 0 where time is over, -1 where a handler interrupted.
int take_signal(Engine& engine, std::uint64_t awaited, std::uint64_t deadline_ns, std::uintptr_t where);

}  // namespace harness
