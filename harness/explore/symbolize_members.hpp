// Which member of a variable lies at an offset, by debug information. Part of symbolize_module.cpp.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace harness {

// The variables of a module that have a fixed address, by it.
class Members {
 public:
  // Adds those of a unit, in whatever scope.
  void add_unit(Dwarf_Die unit) { add_children(unit, 0); }
  // ".second", "[3].used"; what lies inside of a type of the standard library is that type. ""
  // where nothing is known of the variable at `address`, or of what it has at `offset`.
  std::string at(std::uint64_t address, std::uint64_t offset) const;

 private:
  void add_children(Dwarf_Die parent, int depth);
  void add(Dwarf_Die variable);

  std::unordered_map<std::uint64_t, Dwarf_Die> types_;  // looked up only, never gone through
};

}  // namespace harness
