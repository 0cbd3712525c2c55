#include "harness/engine/host_environment.hpp"

#include <cstdint>
#include <string_view>

extern "C" void* __libc_stack_end;  // the kernel's arguments for the process begin there

namespace harness {

const char* first_environment(const char* name) {
  auto* const words = static_cast<const std::uintptr_t*>(__libc_stack_end);
  const std::string_view wanted(name);
  // The number of arguments, the arguments, null, the environment, null.
  for (const std::uintptr_t* entry = words + *words + 2; *entry != 0; ++entry) {
    const std::string_view text(reinterpret_cast<const char*>(*entry));
    if (text.size() > wanted.size() && text.starts_with(wanted) && text[wanted.size()] == '=')
      return text.data() + wanted.size() + 1;
  }
  return nullptr;
}

// Asked first before anything of the environment is changed; without a guard, which is one of the functions that
// this library interposes.
bool is_run_by_tool() {
  static int known = -1;
  if (known < 0) known = first_environment(job_variable) != nullptr;
  return known == 1;
}

}  // namespace harness
