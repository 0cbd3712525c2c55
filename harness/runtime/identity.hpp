// Who and where the program under test believes to be: the same on every machine, in every process.
#pragma once

#include <sys/types.h>

namespace harness {

inline constexpr pid_t program_pid = 1000;  // a task's thread has this and its own number
inline constexpr int processors = 4;

}  // namespace harness
