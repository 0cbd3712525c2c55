#include "harness/engine/snapshot.hpp"

#include <link.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "harness/engine/program_memory.hpp"
#include "harness/engine/registry.hpp"
#include "harness/engine/real.hpp"

namespace harness {
namespace {

struct Module {
  const dl_phdr_info* info;

  bool contains(std::uintptr_t address) const {
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const ElfW(Phdr)& header = info->dlpi_phdr[i];
      if (header.p_type == PT_LOAD && address - (info->dlpi_addr + header.p_vaddr) < header.p_memsz)
        return true;
    }
    return false;
  }

  // Libraries that are not restored: their state is shared with the tool.
  bool is_system() const {
    constexpr std::array<std::string_view, 17> names = {
        "libc.so",     "libstdc++.so", "libgcc_s.so", "libm.so",      "libpthread.so", "ld-linux",
        "linux-vdso",  "libdl.so",     "librt.so",    "libharness_",  "libfmt.so",     "libboost_",
        "libdw.so",    "libelf.so",    "liblzma.so",  "libbz2.so",    "libz.so"};
    std::string_view path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
    if (path.empty()) return true;  // the executable: the tool itself
    path.remove_prefix(std::min(path.size(), path.rfind('/') + 1));
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return path.starts_with(name); });
  }

  bool is_plugin() const {
    const auto modules = registered_modules();
    return std::any_of(modules.begin(), modules.end(), [&](std::uintptr_t a) { return contains(a); });
  }
};

struct Found {
  std::uintptr_t address;
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> writable;
  std::vector<TlsImage> tls;
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> objects;
};

// What the dynamic linker made read-only after relocation (PT_GNU_RELRO) stays out.
void collect(const dl_phdr_info& info, Found& search) {
  std::uintptr_t relro_begin = 0;
  std::uintptr_t relro_end = 0;
  for (int i = 0; i < info.dlpi_phnum; ++i)
    if (info.dlpi_phdr[i].p_type == PT_GNU_RELRO) {
      relro_begin = (info.dlpi_addr + info.dlpi_phdr[i].p_vaddr) & ~(page_bytes - 1);
      relro_end = (info.dlpi_addr + info.dlpi_phdr[i].p_vaddr + info.dlpi_phdr[i].p_memsz) &
                  ~(page_bytes - 1);
    }
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    const std::uintptr_t begin = info.dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_TLS)
      search.tls.push_back({info.dlpi_tls_modid, reinterpret_cast<const void*>(begin), header.p_filesz,
                            header.p_memsz});
    if (header.p_type == PT_LOAD) search.objects.emplace_back(begin, begin + header.p_memsz);
    if (header.p_type != PT_LOAD || (header.p_flags & PF_W) == 0) continue;
    const std::uintptr_t end = begin + header.p_memsz;
    if (begin < relro_begin) search.writable.emplace_back(begin, std::min(end, relro_begin));
    if (std::max(begin, relro_end) < end) search.writable.emplace_back(std::max(begin, relro_end), end);
  }
}

int visit(dl_phdr_info* info, std::size_t, void* argument) {
  auto& search = *static_cast<Found*>(argument);
  const Module module{info};
  if (module.contains(search.address) || (!module.is_system() && !module.is_plugin()))
    collect(*info, search);
  return 0;
}

}  // namespace

void Snapshot::take(std::uintptr_t address) {
  Found search{address, {}, {}, {}};
  dl_iterate_phdr(visit, &search);
  segments_.clear();
  for (const auto& [begin, end] : search.writable) {
    auto* const base = reinterpret_cast<std::byte*>(begin);
    segments_.push_back({base, {base, base + (end - begin)}});
  }
  tls_images_ = search.tls;
  objects_ = search.objects;
}

bool Snapshot::covers(std::uintptr_t address) const {
  return std::any_of(objects_.begin(), objects_.end(), [=](const auto& object) {
    return object.first <= address && address < object.second;
  });
}

void Snapshot::take(const Hosting& host) {
  segments_.clear();
  tls_images_ = thread_local_images();
  objects_.clear();
  for (const AddressRange& object : program_objects()) objects_.emplace_back(object.base, object.end());
  if (host.isolation == Isolation::fork) return;
  for (const AddressRange& range : program_memory(host.caller)) {
    auto* const base = reinterpret_cast<std::byte*>(range.base);
    segments_.push_back({base, {base, base + range.bytes}});
  }
}

void Snapshot::restore() {
  for (const Segment& segment : segments_)
    real::memcpy(segment.base, segment.content.data(), segment.content.size());
}

}  // namespace harness
