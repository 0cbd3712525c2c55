#include "harness/engine/system_objects.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace harness {
namespace {

struct Known {
  std::string_view begin;
  ObjectKind kind;
};

constexpr std::array known{
    Known{"ld-linux", ObjectKind::linker},        Known{"linux-vdso", ObjectKind::linker},
    Known{"libstdc++.so", ObjectKind::cpp_library}, Known{"libc.so", ObjectKind::c_library},
    Known{"libm.so", ObjectKind::c_library},      Known{"libgcc_s.so", ObjectKind::c_library},
    Known{"libpthread.so", ObjectKind::c_library}, Known{"libdl.so", ObjectKind::c_library},
    Known{"librt.so", ObjectKind::c_library},     Known{"libfmt.so", ObjectKind::tools_needs},
    Known{"libdw.so", ObjectKind::tools_needs},   Known{"libdw-", ObjectKind::tools_needs},
    Known{"libelf.so", ObjectKind::tools_needs},  Known{"libelf-", ObjectKind::tools_needs},
    Known{"libz.so", ObjectKind::tools_needs},    Known{"liblzma.so", ObjectKind::tools_needs},
    Known{"libbz2.so", ObjectKind::tools_needs},
};

bool holds(const dl_phdr_info& info, std::uintptr_t address) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    if (header.p_type == PT_LOAD && address - (info.dlpi_addr + header.p_vaddr) < header.p_memsz) return true;
  }
  return false;
}

}  // namespace

// This library itself, whatever it is called, holds this very function.
ObjectKind kind_of(const dl_phdr_info& info) {
  if (holds(info, reinterpret_cast<std::uintptr_t>(&holds))) return ObjectKind::tool;
  std::string_view name = info.dlpi_name == nullptr ? "" : info.dlpi_name;
  name.remove_prefix(std::min(name.size(), name.rfind('/') + 1));
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Known& one) { return name.starts_with(one.begin); });
  return found == known.end() ? ObjectKind::program : found->kind;
}

bool is_tools(std::uintptr_t address) {
  return dl_iterate_phdr(
             [](dl_phdr_info* info, std::size_t, void* wanted) {
               if (!holds(*info, *static_cast<std::uintptr_t*>(wanted))) return 0;
               return kind_of(*info) == ObjectKind::tool ? 1 : 2;
             },
             &address) == 1;
}

}  // namespace harness
