// From return addresses to functions and source lines, in process (elfutils' libdw), inlined calls
// included. Not thread-safe; keeps the debug information it has read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reports/verdict.hpp"

namespace harness {

// The frames at a return address, innermost inlined function first; never empty (module at least).
std::vector<reports::Frame> frames_at(std::uintptr_t return_address);
// "counter" or "pool+16" for an address in a module's data; "" where it is none.
std::string data_symbol(std::uintptr_t address);

// A whole stack of return addresses, innermost first, without the frames that are not the user's
// (all of them where none is); at most `most` frames.
std::vector<reports::Frame> user_stack(std::span<const std::uintptr_t> return_addresses,
                                       std::size_t most = SIZE_MAX);
// True for frames of this tool, the standard library, libc and the sanitizers: what lies between
// the user's functions and says nothing about them.
bool is_plumbing(const reports::Frame& frame);

// A demangled function as a person would call it: no return type, parameters, long template
// arguments or anonymous namespaces; "Pool::poll", "lambda", "operator<<".
std::string short_function(std::string_view demangled);

}  // namespace harness
