// The symbol table of one ELF file, by address: what is left where there is no debug information,
// and the names of global data. Part of symbolize.cpp.
#pragma once

#include <libelf.h>

#include <cstdint>
#include <string>
#include <vector>

namespace harness {

// Demangled and shortened; as it is where it is no C++ name.
std::string readable_symbol(const char* symbol);

class ElfSymbols {
 public:
  // A file that cannot be read has no symbols. `separate`: look for its debug information under
  // /usr/lib/debug where it has none itself.
  ElfSymbols(const std::string& path, bool separate);
  ~ElfSymbols();
  ElfSymbols(const ElfSymbols&) = delete;
  ElfSymbols& operator=(const ElfSymbols&) = delete;

  // Descriptor of the file with the debug information: this one, or the separate one;
  // -1 where there is none. Stays open as long as this object.
  int debug_file() const { return debug_fd_ >= 0 ? debug_fd_ : fd_; }

  // Addresses are those of the file. "" where no symbol covers it.
  std::string function_at(std::uint64_t address) const;
  struct Data {
    std::string name;
    std::uint64_t address = 0;
    std::uint64_t offset = 0;  // of what was asked for
  };
  Data data_at(std::uint64_t address) const;

 private:
  struct Symbol {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    int rank = 0;  // among several at one address: global, weak, local
    std::string name;
  };

  void read(Elf* elf);
  static const Symbol* find(const std::vector<Symbol>& symbols, std::uint64_t address);
  static void settle(std::vector<Symbol>& symbols);

  int fd_ = -1;
  int debug_fd_ = -1;
  std::vector<Symbol> functions_;  // sorted by address
  std::vector<Symbol> data_;
};

}  // namespace harness
