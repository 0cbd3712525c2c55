// How a whole program ends its execution (see engine/hosting.hpp): what exit() does before the process is gone.
#pragma once

#include <cstdint>

namespace harness {

// exit() is part of the running execution.
bool is_whole_program();
[[noreturn]] void exit_program(int status, std::uintptr_t where);
[[noreturn]] void quick_exit_program(int status, std::uintptr_t where);

}  // namespace harness
