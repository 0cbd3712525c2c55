#include "harness/engine/program_memory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "harness/engine/fiber.hpp"
#include "harness/engine/system_objects.hpp"

namespace harness {
namespace {

struct Mapping {
  AddressRange range;
  bool is_private_data;  // readable, writable, private
};

std::string read_maps() {
  const int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0)
    throw std::runtime_error(
        fmt::format("cannot read /proc/self/maps, which says what memory there is: {}", std::strerror(errno)));
  std::string text;
  std::array<char, 16384> part;
  for (ssize_t got; (got = read(file, part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(got));
  close(file);
  return text;
}

template <class Visit>
void each_mapping(const std::string& maps, Visit visit) {
  for (std::size_t at = 0; at < maps.size();) {
    const std::size_t end = std::min(maps.find('\n', at), maps.size());
    const std::string_view line(maps.data() + at, end - at);
    at = end + 1;
    std::uintptr_t first = 0;
    std::uintptr_t last = 0;
    char mode[5] = "";
    if (std::sscanf(line.data(), "%" SCNxPTR "-%" SCNxPTR " %4s", &first, &last, mode) != 3) continue;
    const bool data = std::string_view(mode).starts_with("rw") && mode[3] == 'p';
    visit(Mapping{{first, last - first}, data});
  }
}

AddressRange span_of(const dl_phdr_info& info) {
  std::uintptr_t begin = ~std::uintptr_t{0};
  std::uintptr_t end = 0;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    if (header.p_type != PT_LOAD) continue;
    begin = std::min(begin, info.dlpi_addr + header.p_vaddr);
    end = std::max(end, info.dlpi_addr + header.p_vaddr + header.p_memsz);
  }
  const std::uintptr_t base = begin & ~(page_bytes - 1);
  return {base, ((end + page_bytes - 1) & ~(page_bytes - 1)) - base};
}

const ElfW(Dyn)* dynamic_of(const dl_phdr_info& info) {
  for (int i = 0; i < info.dlpi_phnum; ++i)
    if (info.dlpi_phdr[i].p_type == PT_DYNAMIC)
      return reinterpret_cast<const ElfW(Dyn)*>(info.dlpi_addr + info.dlpi_phdr[i].p_vaddr);
  return nullptr;
}

// The dynamic linker has put absolute addresses there, but not in the kernel's own object.
std::uintptr_t address_in(const dl_phdr_info& info, const ElfW(Dyn)& entry) {
  return entry.d_un.d_ptr < info.dlpi_addr ? info.dlpi_addr + entry.d_un.d_ptr : entry.d_un.d_ptr;
}

// Where the dynamic linker notes which function a call goes to: put back, each would be looked up anew.
AddressRange lazy_calls(const dl_phdr_info& info) {
  AddressRange table{0, 0};
  for (const ElfW(Dyn)* entry = dynamic_of(info); entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_PLTGOT) table.base = address_in(info, *entry);
    if (entry->d_tag == DT_PLTRELSZ)
      table.bytes = (3 + entry->d_un.d_val / sizeof(ElfW(Rela))) * sizeof(std::uintptr_t);
  }
  return table.base == 0 ? AddressRange{0, 0} : table;
}

// The stack of the calling thread, below the frames that belong to the program.
AddressRange own_stack(std::uintptr_t caller) {
  pthread_attr_t attributes;
  void* low = nullptr;
  std::size_t bytes = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0)
    throw std::runtime_error("cannot find the stack of the calling thread");
  pthread_attr_getstack(&attributes, &low, &bytes);
  pthread_attr_destroy(&attributes);
  const auto base = reinterpret_cast<std::uintptr_t>(low);
  return {base, caller - base};
}

// What glibc keeps of the calling thread, above its thread-local variables.
constexpr std::size_t thread_block_bytes = 2304;

std::vector<AddressRange> not_programs(std::uintptr_t caller) {
  std::vector<AddressRange> ranges{tool_range, heap_range, mapping_range, stack_range, own_stack(caller),
                                   {static_cast<std::uintptr_t>(pthread_self()), thread_block_bytes}};
  for (const AddressRange& own : own_mappings()) ranges.push_back(own);
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* argument) {
        auto& to = *static_cast<std::vector<AddressRange>*>(argument);
        const bool outside = kind_of(*info) == ObjectKind::tool || kind_of(*info) == ObjectKind::linker;
        to.push_back(outside ? span_of(*info) : lazy_calls(*info));
        return 0;
      },
      &ranges);
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.base < b.base; });
  return ranges;
}

// Adds what of `range` is in none of `without`, which is sorted.
void add_difference(AddressRange range, const std::vector<AddressRange>& without,
                    std::vector<AddressRange>& to) {
  std::uintptr_t from = range.base;
  for (const AddressRange& hole : without) {
    if (hole.end() <= from || hole.bytes == 0) continue;
    if (hole.base >= range.end()) break;
    if (hole.base > from) to.push_back({from, hole.base - from});
    from = std::max(from, hole.end());
  }
  if (from < range.end()) to.push_back({from, range.end() - from});
}

struct Symbols {
  const ElfW(Sym)* table = nullptr;
  const char* strings = nullptr;
  const std::uint32_t* gnu_hash = nullptr;
};

// The undefined symbols stand before those that the hash table knows.
bool calls_instrumentation(const dl_phdr_info& info) {
  Symbols symbols;
  for (const ElfW(Dyn)* entry = dynamic_of(info); entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    const std::uintptr_t address = address_in(info, *entry);
    if (entry->d_tag == DT_SYMTAB) symbols.table = reinterpret_cast<const ElfW(Sym)*>(address);
    if (entry->d_tag == DT_STRTAB) symbols.strings = reinterpret_cast<const char*>(address);
    if (entry->d_tag == DT_GNU_HASH) symbols.gnu_hash = reinterpret_cast<const std::uint32_t*>(address);
  }
  if (symbols.table == nullptr || symbols.strings == nullptr || symbols.gnu_hash == nullptr) return true;
  for (std::uint32_t i = 1; i < symbols.gnu_hash[1]; ++i)
    if (std::string_view(symbols.strings + symbols.table[i].st_name).starts_with("__tsan_")) return true;
  return false;
}

}  // namespace

std::vector<AddressRange> program_memory(std::uintptr_t caller) {
  const std::vector<AddressRange> without = not_programs(caller);
  std::vector<AddressRange> ranges;
  const std::string maps = read_maps();
  each_mapping(maps, [&](const Mapping& mapping) {
    if (mapping.is_private_data) add_difference(mapping.range, without, ranges);
  });
  return ranges;
}

std::vector<AddressRange> mapped_by_others(std::uintptr_t caller) {
  const std::vector<AddressRange> without = not_programs(caller);
  std::vector<AddressRange> ranges;
  const std::string maps = read_maps();
  each_mapping(maps, [&](const Mapping& mapping) { add_difference(mapping.range, without, ranges); });
  // Where one of the kernel's records ends and the next begins says nothing.
  std::vector<AddressRange> joined;
  for (const AddressRange& range : ranges)
    if (!joined.empty() && joined.back().end() == range.base)
      joined.back().bytes += range.bytes;
    else
      joined.push_back(range);
  return joined;
}

std::vector<AddressRange> program_objects() {
  std::vector<AddressRange> ranges;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* to) {
        if (kind_of(*info) == ObjectKind::program)
          static_cast<std::vector<AddressRange>*>(to)->push_back(span_of(*info));
        return 0;
      },
      &ranges);
  return ranges;
}

std::uint64_t objects_loaded() {
  std::uint64_t count = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* to) {
        *static_cast<std::uint64_t*>(to) = info->dlpi_adds;
        return 1;
      },
      &count);
  return count;
}

namespace {

std::string_view file_name(const dl_phdr_info& info) {
  const std::string_view path = info.dlpi_name == nullptr ? "" : info.dlpi_name;
  return path.substr(path.rfind('/') + 1);
}

// What the program is linked with, by name. The tool may be linked with the same.
std::vector<std::string> needed_by_program() {
  std::vector<std::string> names;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* to) {
        if (kind_of(*info) != ObjectKind::program) return 0;
        const char* strings = nullptr;
        for (const ElfW(Dyn)* entry = dynamic_of(*info); entry != nullptr && entry->d_tag != DT_NULL; ++entry)
          if (entry->d_tag == DT_STRTAB) strings = reinterpret_cast<const char*>(address_in(*info, *entry));
        for (const ElfW(Dyn)* entry = dynamic_of(*info); strings != nullptr && entry->d_tag != DT_NULL; ++entry)
          if (entry->d_tag == DT_NEEDED)
            static_cast<std::vector<std::string>*>(to)->emplace_back(strings + entry->d_un.d_val);
        return 0;
      },
      &names);
  return names;
}

bool is_programs_business(const dl_phdr_info& info, const std::vector<std::string>& needed) {
  const ObjectKind kind = kind_of(info);
  if (kind != ObjectKind::tools_needs) return kind == ObjectKind::program;
  return std::find(needed.begin(), needed.end(), file_name(info)) != needed.end();
}

struct Uninstrumented {
  std::vector<std::string> needed = needed_by_program();
  std::vector<std::string> names;
};

}  // namespace

std::vector<std::string> uninstrumented_objects() {
  Uninstrumented search;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* argument) {
        auto& to = *static_cast<Uninstrumented*>(argument);
        if (!is_programs_business(*info, to.needed) || calls_instrumentation(*info)) return 0;
        const std::string_view name = file_name(*info);
        if (name.starts_with("libatomic.so")) return 0;  // nobody gets there: the runtime has its functions
        to.names.emplace_back(name.empty() ? "the program itself" : name);
        return 0;
      },
      &search);
  return search.names;
}

std::vector<TlsImage> thread_local_images() {
  std::vector<TlsImage> images;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* argument) {
        const ObjectKind kind = kind_of(*info);
        if (kind != ObjectKind::program && kind != ObjectKind::cpp_library) return 0;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& header = info->dlpi_phdr[i];
          if (header.p_type != PT_TLS) continue;
          static_cast<std::vector<TlsImage>*>(argument)->push_back(
              {info->dlpi_tls_modid, reinterpret_cast<const void*>(info->dlpi_addr + header.p_vaddr),
               header.p_filesz, header.p_memsz});
        }
        return 0;
      },
      &images);
  return images;
}

}  // namespace harness
