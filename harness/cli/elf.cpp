#include "harness/cli/elf.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

namespace harness::cli {
namespace {

using Bytes = std::span<const unsigned char>;

// A copy of the T at `offset`: the file promises no alignment.
template <class T>
std::optional<T> at(Bytes file, std::uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(T)) return {};
  T value;
  std::memcpy(&value, file.data() + offset, sizeof(T));
  return value;
}

std::optional<Bytes> part(Bytes file, std::uint64_t offset, std::uint64_t bytes) {
  if (offset > file.size() || file.size() - offset < bytes) return {};
  return file.subspan(offset, bytes);
}

std::string text_at(Bytes strings, std::uint64_t offset) {
  if (offset >= strings.size()) return {};
  const auto* begin = reinterpret_cast<const char*>(strings.data() + offset);
  return {begin, strnlen(begin, strings.size() - offset)};
}

std::string header_problem(Bytes file) {
  const auto header = at<Elf64_Ehdr>(file, 0);
  if (!header) return "is cut off: its ELF header is incomplete";
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64 ||
      header->e_ident[EI_DATA] != ELFDATA2LSB)
    return "was built for another machine; x86-64 is wanted";
  if (header->e_shoff == 0 || header->e_shnum == 0 || header->e_shentsize != sizeof(Elf64_Shdr))
    return "has no section headers, so its symbols cannot be checked; do not strip them";
  return {};
}

bool is_elf(Bytes file) {
  return file.size() >= EI_NIDENT && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0;
}

std::string kind_problem(Bytes file) {
  if (!is_elf(file)) return "is no ELF file, so no shared object";
  if (std::string problem = header_problem(file); !problem.empty()) return problem;
  if (at<Elf64_Ehdr>(file, 0)->e_type != ET_DYN) return "is no shared object; link it with -shared";
  return {};
}

// Whether the file asks for the dynamic linker.
bool is_dynamic(Bytes file, const Elf64_Ehdr& header) {
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = at<Elf64_Phdr>(file, header.e_phoff + i * sizeof(Elf64_Phdr));
    if (segment && segment->p_type == PT_INTERP) return true;
  }
  return false;
}

std::string program_problem(Bytes file) {
  if (file.size() >= 2 && file[0] == '#' && file[1] == '!')
    return "is a script; name the program that it starts";
  if (!is_elf(file)) return "is no program: it is no ELF file";
  if (std::string problem = header_problem(file); !problem.empty()) return problem;
  const auto header = *at<Elf64_Ehdr>(file, 0);
  if (header.e_type != ET_DYN && header.e_type != ET_EXEC)
    return "is no program; link it first";
  if (is_dynamic(file, header)) return {};
  return header.e_type == ET_EXEC
             ? "is statically linked, so that no runtime can take the place of its own; link it "
               "without -static"
             : "is a shared object, or statically linked; a program that asks for the dynamic "
               "linker is wanted";
}

// A table of T in a section, with the strings it refers to.
template <class T, class Visit>
bool for_each(Bytes file, const std::vector<Elf64_Shdr>& sections, std::uint32_t type,
              Visit visit) {
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != type || section.sh_link >= sections.size()) continue;
    const Elf64_Shdr& link = sections[section.sh_link];
    const auto table = part(file, section.sh_offset, section.sh_size);
    const auto strings = part(file, link.sh_offset, link.sh_size);
    if (!table || !strings) return false;
    for (std::uint64_t offset = 0; offset + sizeof(T) <= table->size(); offset += sizeof(T))
      visit(*at<T>(*table, offset), *strings);
  }
  return true;
}

// Empty where the table lies outside the file.
std::vector<Elf64_Shdr> sections_of(Bytes file) {
  const auto header = *at<Elf64_Ehdr>(file, 0);
  std::vector<Elf64_Shdr> sections;
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    const auto section = at<Elf64_Shdr>(file, header.e_shoff + i * sizeof(Elf64_Shdr));
    if (!section) return {};
    sections.push_back(*section);
  }
  return sections;
}

constexpr const char* damaged = "is cut off or damaged: its symbol table lies outside the file";

// A file as read(Bytes) wants it; what keeps it from being read is a problem like the others.
template <class Read>
auto mapped(const std::string& path, Read read) {
  using Result = decltype(read(Bytes()));
  const auto failed = [](const std::string& problem) {
    Result result;
    result.problem = problem;
    return result;
  };
  const auto unreadable = [&] {
    return failed("cannot be read: " + std::string(std::strerror(errno)));
  };
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return unreadable();
  struct stat status {};
  if (fstat(descriptor, &status) != 0) {
    close(descriptor);
    return unreadable();
  }
  if (!S_ISREG(status.st_mode) || status.st_size == 0) {
    close(descriptor);
    return failed(S_ISREG(status.st_mode) ? "is empty" : "is no regular file");
  }
  const auto bytes = static_cast<std::size_t>(status.st_size);
  void* memory = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
  close(descriptor);
  if (memory == MAP_FAILED) return unreadable();
  Result result = read(Bytes(static_cast<const unsigned char*>(memory), bytes));
  munmap(memory, bytes);
  return result;
}

}  // namespace

SharedObject read_shared_object(Bytes file) {
  SharedObject object;
  object.problem = kind_problem(file);
  if (!object.problem.empty()) return object;
  const std::vector<Elf64_Shdr> sections = sections_of(file);
  bool executable = false;
  const bool whole =
      !sections.empty() &&
      for_each<Elf64_Sym>(file, sections, SHT_DYNSYM,
                          [&](const Elf64_Sym& symbol, Bytes strings) {
                            if (symbol.st_shndx == SHN_UNDEF && symbol.st_name != 0)
                              object.undefined.push_back(text_at(strings, symbol.st_name));
                          }) &&
      for_each<Elf64_Dyn>(file, sections, SHT_DYNAMIC, [&](const Elf64_Dyn& entry, Bytes strings) {
        if (entry.d_tag == DT_NEEDED)
          object.libraries.push_back(text_at(strings, entry.d_un.d_val));
        if (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_PIE) != 0) executable = true;
      });
  if (!whole) object.problem = damaged;
  if (executable) object.problem = "is an executable; link it with -shared";
  return object;
}

SharedObject read_shared_object(const std::string& path) {
  return mapped(path, [](Bytes file) { return read_shared_object(file); });
}

Executable read_executable(Bytes file) {
  Executable program;
  program.problem = program_problem(file);
  if (!program.problem.empty()) return program;
  const std::vector<Elf64_Shdr> sections = sections_of(file);
  const auto note_symbol = [&](const Elf64_Sym& symbol, Bytes strings) {
    if (symbol.st_name == 0) return;
    auto& names = symbol.st_shndx == SHN_UNDEF ? program.undefined : program.defined;
    names.push_back(text_at(strings, symbol.st_name));
  };
  const bool whole =
      !sections.empty() && for_each<Elf64_Sym>(file, sections, SHT_DYNSYM, note_symbol) &&
      for_each<Elf64_Sym>(file, sections, SHT_SYMTAB, note_symbol) &&
      for_each<Elf64_Dyn>(file, sections, SHT_DYNAMIC, [&](const Elf64_Dyn& entry, Bytes strings) {
        if (entry.d_tag == DT_NEEDED)
          program.libraries.push_back(text_at(strings, entry.d_un.d_val));
        if (entry.d_tag == DT_RPATH) program.rpath = text_at(strings, entry.d_un.d_val);
      });
  if (!whole) program.problem = damaged;
  return program;
}

Executable read_executable(const std::string& path) {
  return mapped(path, [](Bytes file) { return read_executable(file); });
}

}  // namespace harness::cli
