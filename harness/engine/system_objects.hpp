// Which of the shared objects of a process are the tool's, which the system's, and which the program's.
#pragma once

#include <link.h>

#include <cstdint>

namespace harness {

enum class ObjectKind : std::uint8_t {
  program,
  tool,         // this library
  tools_needs,  // what it is linked with
  linker,       // the dynamic linker, and the object that the kernel puts into every process
  c_library,
  cpp_library,
};

ObjectKind kind_of(const dl_phdr_info& info);
// In this library.
bool is_tools(std::uintptr_t address);

}  // namespace harness
