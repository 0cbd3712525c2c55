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

// This library itself, whatever it is called.
bool is_this(const dl_phdr_info& info) {
  const auto mine = reinterpret_cast<std::uintptr_t>(&is_this);
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    if (header.p_type == PT_LOAD && mine - (info.dlpi_addr + header.p_vaddr) < header.p_memsz) return true;
  }
  return false;
}

}  // namespace

ObjectKind kind_of(const dl_phdr_info& info) {
  if (is_this(info)) return ObjectKind::tool;
  std::string_view name = info.dlpi_name == nullptr ? "" : info.dlpi_name;
  name.remove_prefix(std::min(name.size(), name.rfind('/') + 1));
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Known& one) { return name.starts_with(one.begin); });
  return found == known.end() ? ObjectKind::program : found->kind;
}

}  // namespace harness
