// In a process that hosts its own exploration: which memory is the program's. All that is private and writable,
// but for what is the tool's, the dynamic linker's, or in use by the calling thread just now.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/engine/address_space.hpp"

namespace harness {

// `caller`: the stack of this thread from here up is the program's as well. Sorted. Throws std::runtime_error where
// /proc/self/maps cannot be read.
std::vector<AddressRange> program_memory(std::uintptr_t caller);

// Where anything is mapped that is not the tool's: the same again where nothing was mapped or unmapped meanwhile.
std::vector<AddressRange> mapped_by_others(std::uintptr_t caller);

// Where the program's own objects are, and not the system's or the tool's.
std::vector<AddressRange> program_objects();

// How many shared objects were loaded in this process so far.
std::uint64_t objects_loaded();

// The names of loaded shared objects, the executable included, that were not compiled with -fsanitize=thread,
// but for those of the system and the tool's.
std::vector<std::string> uninstrumented_objects();

// Thread-local blocks of the program's shared objects and of libstdc++, as a thread finds them when it begins.
struct TlsImage;
std::vector<TlsImage> thread_local_images();

}  // namespace harness
