// Reading .symtab (or .dynsym, where it was stripped) with libelf.
#include "harness/explore/symbolize_elf.hpp"

#include <cxxabi.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <tuple>

#include "harness/explore/symbolize.hpp"

namespace harness {
namespace {

// With a number that the program under test, where it shares this process, does not expect to get.
int open_high(const std::string& path) {
  constexpr int above = 512;
  const int low = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (low < 0) return low;
  const int high = fcntl(low, F_DUPFD_CLOEXEC, above);
  if (high < 0) return low;
  close(low);
  return high;
}

struct ElfEnd {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

Elf_Scn* section_of_type(Elf* elf, unsigned type) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section));) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) && header.sh_type == type) return section;
  }
  return nullptr;
}

bool has_debug_information(Elf* elf) {
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return false;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section));) {
    GElf_Shdr header;
    if (!gelf_getshdr(section, &header)) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (name && std::string_view(name) == ".debug_info") return true;
  }
  return false;
}

// "ab/cdef..." of the note, "" where there is none.
std::string build_id(Elf* elf) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section));) {
    GElf_Shdr header;
    if (!gelf_getshdr(section, &header) || header.sh_type != SHT_NOTE) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    std::size_t at = 0, name = 0, content = 0;
    GElf_Nhdr note;
    while (data && (at = gelf_getnote(data, at, &note, &name, &content)) > 0) {
      if (note.n_type != NT_GNU_BUILD_ID || note.n_descsz < 2) continue;
      const auto* bytes = static_cast<const unsigned char*>(data->d_buf) + content;
      std::string text = fmt::format("{:02x}/", bytes[0]);
      for (std::size_t i = 1; i < note.n_descsz; ++i) text += fmt::format("{:02x}", bytes[i]);
      return text;
    }
  }
  return {};
}

}  // namespace

std::string readable_symbol(const char* symbol) {
  // A variable called `a` is no type, which it would be demangled to.
  if (!std::string_view(symbol).starts_with("_Z")) return symbol;
  const auto demangled = [](const char* name) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(
        abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
    return status == 0 && text ? short_function(text.get()) : std::string();
  };
  std::string text = demangled(symbol);
  // A part of a variable that the compiler has split: `name.0`.
  if (text.empty()) text = demangled(std::string(symbol, std::strcspn(symbol, ".")).c_str());
  return text.empty() ? symbol : text;
}

ElfSymbols::ElfSymbols(const std::string& path, bool separate) {
  elf_version(EV_CURRENT);
  fd_ = open_high(path);
  if (fd_ < 0) return;
  const ElfHandle elf(elf_begin(fd_, ELF_C_READ, nullptr));
  if (!elf || elf_kind(elf.get()) != ELF_K_ELF) return;
  if (separate && !has_debug_information(elf.get())) {
    const std::string id = build_id(elf.get());
    const std::string file = "/usr/lib/debug/.build-id/" + id + ".debug";
    if (!id.empty()) debug_fd_ = open_high(file);
  }
  const ElfHandle debug(debug_fd_ < 0 ? nullptr : elf_begin(debug_fd_, ELF_C_READ, nullptr));
  read(debug && section_of_type(debug.get(), SHT_SYMTAB) ? debug.get() : elf.get());
}

ElfSymbols::~ElfSymbols() {
  if (fd_ >= 0) close(fd_);
  if (debug_fd_ >= 0) close(debug_fd_);
}

void ElfSymbols::read(Elf* elf) {
  Elf_Scn* section = section_of_type(elf, SHT_SYMTAB);
  if (!section) section = section_of_type(elf, SHT_DYNSYM);
  GElf_Shdr header;
  if (!section || !gelf_getshdr(section, &header) || header.sh_entsize == 0) return;
  Elf_Data* data = elf_getdata(section, nullptr);
  const auto count = static_cast<int>(header.sh_size / header.sh_entsize);
  for (int i = 0; data && i < count; ++i) {
    GElf_Sym symbol;
    if (!gelf_getsym(data, i, &symbol) || symbol.st_shndx == SHN_UNDEF) continue;
    const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
    if (!name || !*name) continue;
    const int type = GELF_ST_TYPE(symbol.st_info);
    const int binding = GELF_ST_BIND(symbol.st_info);
    const int rank = binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 1 : 2;
    const Symbol found{symbol.st_value, symbol.st_size, rank, name};
    if (type == STT_FUNC || type == STT_GNU_IFUNC) functions_.push_back(found);
    if (type == STT_OBJECT || type == STT_COMMON) data_.push_back(found);
  }
  settle(functions_);
  settle(data_);
}

void ElfSymbols::settle(std::vector<Symbol>& symbols) {
  const auto key = [](const Symbol& symbol) {
    return std::tie(symbol.address, symbol.rank, symbol.name);
  };
  std::sort(symbols.begin(), symbols.end(),
            [&](const Symbol& a, const Symbol& b) { return key(a) < key(b); });
  const auto same = [](const Symbol& a, const Symbol& b) { return a.address == b.address; };
  symbols.erase(std::unique(symbols.begin(), symbols.end(), same), symbols.end());
}

const ElfSymbols::Symbol* ElfSymbols::find(const std::vector<Symbol>& symbols,
                                           std::uint64_t address) {
  const auto above = std::upper_bound(
      symbols.begin(), symbols.end(), address,
      [](std::uint64_t wanted, const Symbol& symbol) { return wanted < symbol.address; });
  if (above == symbols.begin()) return nullptr;
  const Symbol& symbol = *std::prev(above);
  // Hand-written assembly has symbols without a size: they reach to the next one.
  const bool covers =
      symbol.size == 0 ? above != symbols.end() : address - symbol.address < symbol.size;
  return covers ? &symbol : nullptr;
}

std::string ElfSymbols::function_at(std::uint64_t address) const {
  const Symbol* symbol = find(functions_, address);
  return symbol ? readable_symbol(symbol->name.c_str()) : "";
}

ElfSymbols::Data ElfSymbols::data_at(std::uint64_t address) const {
  const Symbol* symbol = find(data_, address);
  if (!symbol || symbol->size == 0) return {};
  return {readable_symbol(symbol->name.c_str()), symbol->address, address - symbol->address};
}

}  // namespace harness
