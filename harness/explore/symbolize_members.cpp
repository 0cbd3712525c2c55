#include "harness/explore/symbolize_members.hpp"

#include <dwarf.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

namespace harness {
namespace {

constexpr int most_levels = 16;  // of scopes, and of members in members

bool type_of(Dwarf_Die die, Dwarf_Die& type) {
  Dwarf_Attribute attribute;
  return dwarf_attr_integrate(&die, DW_AT_type, &attribute) != nullptr &&
         dwarf_formref_die(&attribute, &type) != nullptr && dwarf_peel_type(&type, &type) == 0;
}

bool is_of_standard_library(Dwarf_Die type) {
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes_die(&type, &scopes);
  bool found = false;
  for (int i = 1; i < count; ++i) {
    const char* const name = dwarf_diename(&scopes[i]);
    found |= dwarf_tag(&scopes[i]) == DW_TAG_namespace && name && std::strcmp(name, "std") == 0;
  }
  std::free(scopes);
  return found;
}

std::uint64_t size_of(Dwarf_Die type) {
  Dwarf_Word size = 0;
  return dwarf_aggregate_size(&type, &size) == 0 ? size : 0;
}

// One index, into the flat sequence of elements; arrays of arrays are left alone.
bool enter_array(Dwarf_Die& type, std::uint64_t& offset, std::string& text) {
  Dwarf_Die child;
  Dwarf_Die element;
  if (dwarf_child(&type, &child) != 0 || dwarf_siblingof(&child, &child) == 0) return false;
  if (!type_of(type, element)) return false;
  const std::uint64_t size = size_of(element);
  if (size == 0) return false;
  text += fmt::format("[{}]", offset / size);
  offset %= size;
  type = element;
  return true;
}

bool location_of(Dwarf_Die member, std::uint64_t& location) {
  Dwarf_Attribute attribute;
  Dwarf_Word word = 0;
  if (!dwarf_attr(&member, DW_AT_data_member_location, &attribute)) return false;  // a static one
  if (dwarf_formudata(&attribute, &word) != 0) return false;
  location = word;
  return true;
}

bool enter_class(Dwarf_Die& type, std::uint64_t& offset, std::string& text) {
  Dwarf_Die child;
  if (dwarf_child(&type, &child) != 0) return false;
  do {
    const int tag = dwarf_tag(&child);
    std::uint64_t location = 0;
    Dwarf_Die member;
    if (tag != DW_TAG_member && tag != DW_TAG_inheritance) continue;
    if (!location_of(child, location) || !type_of(child, member)) continue;
    if (offset < location || offset - location >= size_of(member)) continue;
    const char* const name = dwarf_diename(&child);
    if (tag == DW_TAG_member && name) text += fmt::format(".{}", name);
    offset -= location;
    type = member;
    return true;
  } while (dwarf_siblingof(&child, &child) == 0);
  return false;
}

bool enter(Dwarf_Die& type, std::uint64_t& offset, std::string& text) {
  switch (dwarf_tag(&type)) {
    case DW_TAG_array_type:
      return enter_array(type, offset, text);
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
      return enter_class(type, offset, text);
    default:
      return false;
  }
}

// Where a variable is, if that is the same everywhere.
bool address_of(Dwarf_Die variable, std::uint64_t& address) {
  Dwarf_Attribute attribute;
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (!dwarf_attr(&variable, DW_AT_location, &attribute)) return false;
  if (dwarf_getlocation(&attribute, &operations, &count) != 0 || count != 1) return false;
  if (operations[0].atom == DW_OP_addr) {
    address = operations[0].number;
    return true;
  }
  Dwarf_Attribute indexed;
  Dwarf_Addr word = 0;
  if (operations[0].atom != DW_OP_addrx && operations[0].atom != DW_OP_GNU_addr_index) return false;
  if (dwarf_getlocation_attr(&attribute, operations, &indexed) != 0) return false;
  if (dwarf_formaddr(&indexed, &word) != 0) return false;
  address = word;
  return true;
}

}  // namespace

void Members::add(Dwarf_Die variable) {
  std::uint64_t address = 0;
  Dwarf_Die type;
  if (address_of(variable, address) && type_of(variable, type)) types_.emplace(address, type);
}

void Members::add_children(Dwarf_Die parent, int depth) {
  Dwarf_Die child;
  if (depth > most_levels || dwarf_child(&parent, &child) != 0) return;
  do {
    switch (dwarf_tag(&child)) {
      case DW_TAG_variable:
        add(child);
        break;
      case DW_TAG_namespace:
      case DW_TAG_subprogram:
      case DW_TAG_lexical_block:
        add_children(child, depth + 1);
        break;
      default:
        break;
    }
  } while (dwarf_siblingof(&child, &child) == 0);
}

std::string Members::at(std::uint64_t address, std::uint64_t offset) const {
  const auto known = types_.find(address);
  if (known == types_.end()) return {};
  Dwarf_Die type = known->second;
  std::string text;
  for (int level = 0; level < most_levels; ++level) {
    if (is_of_standard_library(type)) return text;
    if (!enter(type, offset, text)) break;
  }
  return offset == 0 ? text : std::string();
}

}  // namespace harness
