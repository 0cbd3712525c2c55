// The debug information of one loaded module, read from its file on first use and indexed: units by
// address, functions of a unit by address. Part of symbolize.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reports/verdict.hpp"

namespace harness {

// A source file as people call it: relative to the project where the directory of compilation tells
// where that is, the same wherever the project was checked out.
std::string relative_source(const std::string& file, const std::string& directory);

// A module as the loader placed it.
struct LoadedModule {
  std::string path;         // to open it
  std::string name;         // file name, for people
  std::uintptr_t bias = 0;  // address in memory less address in the file
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> segments;  // in memory, [begin, end)
};

class ModuleSymbols {
 public:
  explicit ModuleSymbols(LoadedModule loaded);
  ~ModuleSymbols();
  ModuleSymbols(const ModuleSymbols&) = delete;
  ModuleSymbols& operator=(const ModuleSymbols&) = delete;

  bool contains(std::uintptr_t address) const;
  // Frames of an address inside an instruction, innermost first; at least one, with the module's
  // name.
  std::vector<reports::Frame> frames(std::uintptr_t address);
  std::string data_symbol(std::uintptr_t address);

 private:
  struct Files;  // libdw's side

  LoadedModule loaded_;
  std::unique_ptr<Files> files_;  // null until the first question
};

}  // namespace harness
