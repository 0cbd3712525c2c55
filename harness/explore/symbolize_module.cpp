// Debug information by libdw. Everything is indexed by address once per module and once per unit,
// because libdw's own look-ups need .debug_aranges (which clang does not write) or walk a whole
// unit.
#include "harness/explore/symbolize_module.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <unordered_map>

#include "harness/explore/symbolize.hpp"
#include "harness/explore/symbolize_elf.hpp"
#include "harness/explore/symbolize_members.hpp"

namespace harness {
namespace {

// [low, high) in addresses of the file.
struct Range {
  Dwarf_Addr low = 0;
  Dwarf_Addr high = 0;
};

template <class T>
struct Indexed {
  Range range;
  T value;
};

template <class T>
void sort_by_address(std::vector<Indexed<T>>& items) {
  std::stable_sort(items.begin(), items.end(), [](const Indexed<T>& a, const Indexed<T>& b) {
    return a.range.low < b.range.low;
  });
}

// The item with the greatest low address that contains `address`.
template <class T>
Indexed<T>* find_by_address(std::vector<Indexed<T>>& items, Dwarf_Addr address) {
  auto at = std::upper_bound(
      items.begin(), items.end(), address,
      [](Dwarf_Addr wanted, const Indexed<T>& item) { return wanted < item.range.low; });
  while (at != items.begin()) {
    --at;
    if (address < at->range.high) return &*at;
    if (at->range.low + (Dwarf_Addr{1} << 24) < address) break;
  }
  return nullptr;
}

template <class T>
void add_ranges(Dwarf_Die die, const T& value, std::vector<Indexed<T>>& items) {
  Dwarf_Addr base = 0;
  Dwarf_Addr low = 0;
  Dwarf_Addr high = 0;
  ptrdiff_t offset = 0;
  // A function that the linker dropped stands at 0 (gcc) or below the first page.
  while ((offset = dwarf_ranges(&die, offset, &base, &low, &high)) > 0) {
    if (low < high && low >= 64) items.push_back({{low, high}, value});
  }
}

struct Unit {
  Dwarf_Die die{};   // lines and directory
  Dwarf_Die code{};  // functions: another one where the debug information is split
  bool indexed = false;
  std::vector<Indexed<Dwarf_Die>> functions;
};

void index_functions(Dwarf_Die parent, std::vector<Indexed<Dwarf_Die>>& functions) {
  Dwarf_Die child;
  if (dwarf_child(&parent, &child) != 0) return;
  do {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_subprogram) {
      add_ranges(child, child, functions);
    } else if (tag == DW_TAG_namespace || tag == DW_TAG_module) {
      index_functions(child, functions);
    }
  } while (dwarf_siblingof(&child, &child) == 0);
}

bool has_code_at(Dwarf_Die& die, Dwarf_Addr address) { return dwarf_haspc(&die, address) > 0; }

// The inlined calls around an address, outermost first.
void inlined_at(Dwarf_Die parent, Dwarf_Addr address, std::vector<Dwarf_Die>& chain) {
  Dwarf_Die child;
  if (dwarf_child(&parent, &child) != 0) return;
  do {
    const int tag = dwarf_tag(&child);
    const bool scope = tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
                       tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
    if (!scope || !has_code_at(child, address)) continue;
    if (tag == DW_TAG_inlined_subroutine) chain.push_back(child);
    inlined_at(child, address, chain);
    return;
  } while (dwarf_siblingof(&child, &child) == 0);
}

std::string function_name(Dwarf_Die die);

std::string linkage_name(Dwarf_Die& die) {
  for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    Dwarf_Attribute attribute;
    if (!dwarf_attr_integrate(&die, name, &attribute)) continue;
    if (const char* mangled = dwarf_formstring(&attribute)) return readable_symbol(mangled);
  }
  return {};
}

// Where an inlined or out-of-line function was declared.
Dwarf_Die declaration_of(Dwarf_Die die) {
  for (const unsigned name : {DW_AT_abstract_origin, DW_AT_specification}) {
    Dwarf_Attribute attribute;
    Dwarf_Die next;
    if (dwarf_attr(&die, name, &attribute) && dwarf_formref_die(&attribute, &next)) die = next;
  }
  return die;
}

bool is_closure(Dwarf_Die& type) {
  const char* name = dwarf_diename(&type);
  return !name || std::string_view(name).starts_with("<lambda");
}

// "main::lambda" from the scopes around a declaration: gcc gives no linkage name to closures and to
// members of local classes.
std::string scoped_name(Dwarf_Die die) {
  Dwarf_Die declaration = declaration_of(die);
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes_die(&declaration, &scopes);
  const std::unique_ptr<Dwarf_Die, void (*)(void*)> owner(scopes, std::free);
  std::string result;
  for (int i = 0; i < count; ++i) {
    const int tag = dwarf_tag(&scopes[i]);
    if (tag == DW_TAG_compile_unit || tag == DW_TAG_lexical_block) continue;
    if (i > 0 && tag == DW_TAG_subprogram) {
      std::string outer = function_name(scopes[i]);
      return outer.empty() ? result : outer + "::" + result;
    }
    const char* given = dwarf_diename(&scopes[i]);
    std::string part = given ? short_function(given) : "";
    if (part == "operator()" && i + 1 < count && is_closure(scopes[i + 1])) {
      part = "lambda";
      ++i;
    }
    if (!part.empty()) result = result.empty() ? part : part + "::" + result;
  }
  return result;
}

std::string function_name(Dwarf_Die die) {
  std::string linkage = linkage_name(die);
  if (!linkage.empty()) return linkage;
  return scoped_name(die);
}

std::string string_attribute(Dwarf_Die& die, unsigned name) {
  Dwarf_Attribute attribute;
  if (!dwarf_attr(&die, name, &attribute)) return {};
  const char* text = dwarf_formstring(&attribute);
  return text ? text : "";
}

int number_attribute(Dwarf_Die& die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word number = 0;
  if (!dwarf_attr(&die, name, &attribute) || dwarf_formudata(&attribute, &number) != 0) return -1;
  return number < 0x7fffffff ? static_cast<int>(number) : -1;
}

}  // namespace

std::string relative_source(const std::string& file, const std::string& directory) {
  namespace fs = std::filesystem;
  if (file.empty()) return {};
  const fs::path path = fs::path(file).lexically_normal();
  const fs::path from = fs::path(directory).lexically_normal();
  // libdw has put the directory of compilation in front of a relative name.
  const fs::path inside = path.lexically_relative(from);
  const bool below = !directory.empty() && !inside.empty() && *inside.begin() != "..";
  if (below) return inside.generic_string();
  if (!path.is_absolute() || !from.is_absolute()) return path.generic_string();
  // A build directory and its sources share the directory of the project, if it is not just
  // "/home".
  auto a = path.begin();
  auto b = from.begin();
  int shared = 0;
  for (; a != path.end() && b != from.end() && *a == *b; ++a, ++b) ++shared;
  if (shared < 3) return path.generic_string();
  fs::path result;
  for (; a != path.end(); ++a) result /= *a;
  return result.generic_string();
}

struct ModuleSymbols::Files {
  explicit Files(const LoadedModule& loaded)
      : elf(loaded.path, !is_plumbing({"", "", 0, loaded.name})) {
    const int fd = elf.debug_file();
    if (fd < 0) return;
    dwarf = dwarf_begin(fd, DWARF_C_READ);
    if (dwarf) index_units();
  }
  ~Files() {
    if (dwarf) dwarf_end(dwarf);
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  void index_units() {
    Dwarf_CU* unit = nullptr;
    Dwarf_Die die;
    Dwarf_Die split;
    std::uint8_t type = 0;
    while (dwarf_get_units(dwarf, unit, &unit, nullptr, &type, &die, &split) == 0) {
      if (type != DW_UT_compile && type != DW_UT_skeleton) continue;
      const bool is_split = type == DW_UT_skeleton && split.addr != nullptr;
      owned.push_back(std::make_unique<Unit>());
      owned.back()->die = die;
      owned.back()->code = is_split ? split : die;
      add_ranges(die, owned.back().get(), units);
    }
    sort_by_address(units);
  }

  std::string member_at(std::uint64_t address, std::uint64_t offset) {
    if (!members) {
      members.emplace();
      for (const auto& unit : owned) members->add_unit(unit->code);
    }
    return members->at(address, offset);
  }

  // The function at an address and the calls inlined there; false where debug information has none.
  bool frames(Dwarf_Addr address, const std::string& module, std::vector<reports::Frame>& result) {
    Indexed<Unit*>* at = find_by_address(units, address);
    if (!at) return false;
    Unit& unit = *at->value;
    if (!unit.indexed) {
      index_functions(unit.code, unit.functions);
      sort_by_address(unit.functions);
      unit.indexed = true;
    }
    const std::string directory = string_attribute(unit.die, DW_AT_comp_dir);
    reports::Frame place{"", "", 0, module};
    find_line(unit, address, directory, place);
    Indexed<Dwarf_Die>* function = find_by_address(unit.functions, address);
    if (!function) {
      place.function = elf.function_at(address);
      result.push_back(place);
      return !place.file.empty() || !place.function.empty();
    }
    std::vector<Dwarf_Die> chain{function->value};
    inlined_at(function->value, address, chain);
    Dwarf_Files* files = nullptr;
    if (dwarf_getsrcfiles(&unit.die, &files, nullptr) != 0) files = nullptr;
    for (auto die = chain.rbegin(); die != chain.rend(); ++die) {
      place.function = remembered_name(*die);
      const bool inlined = dwarf_tag(&*die) == DW_TAG_inlined_subroutine;
      if (!inlined && place.function.empty()) place.function = elf.function_at(address);
      result.push_back(place);
      if (!inlined) break;
      const int file = number_attribute(*die, DW_AT_call_file);
      const char* name = file < 0 || !files ? nullptr
                                            : dwarf_filesrc(files, static_cast<std::size_t>(file),
                                                            nullptr, nullptr);
      place.file = name ? relative_source(name, directory) : "";
      place.line = std::max(0, number_attribute(*die, DW_AT_call_line));
    }
    return true;
  }

  // To find the scopes of a function libdw walks its unit from the start.
  const std::string& remembered_name(Dwarf_Die die) {
    Dwarf_Die declaration = declaration_of(die);
    const auto [at, is_new] = names.try_emplace(dwarf_dieoffset(&declaration));
    if (is_new) at->second = function_name(die);
    return at->second;
  }

  // Line 0 means code without a line of its own; the row before it is as near as one can get.
  static void find_line(Unit& unit, Dwarf_Addr address, const std::string& directory,
                        reports::Frame& place) {
    Dwarf_Line* line = dwarf_getsrc_die(&unit.die, address);
    for (int attempt = 0; line && attempt < 8; ++attempt) {
      int number = 0;
      Dwarf_Addr begin = 0;
      if (dwarf_lineno(line, &number) == 0 && number > 0) {
        const char* name = dwarf_linesrc(line, nullptr, nullptr);
        place.file = name ? relative_source(name, directory) : "";
        place.line = number;
        return;
      }
      if (dwarf_lineaddr(line, &begin) != 0 || begin == 0) return;
      line = dwarf_getsrc_die(&unit.die, begin - 1);
    }
  }

  ElfSymbols elf;
  Dwarf* dwarf = nullptr;
  std::optional<Members> members;  // empty until the first question
  std::vector<std::unique_ptr<Unit>> owned;
  std::vector<Indexed<Unit*>> units;
  std::unordered_map<Dwarf_Off, std::string> names;  // by declaration
};

ModuleSymbols::ModuleSymbols(LoadedModule loaded) : loaded_(std::move(loaded)) {}
ModuleSymbols::~ModuleSymbols() = default;

bool ModuleSymbols::contains(std::uintptr_t address) const {
  return std::any_of(loaded_.segments.begin(), loaded_.segments.end(), [&](const auto& segment) {
    return address >= segment.first && address < segment.second;
  });
}

std::vector<reports::Frame> ModuleSymbols::frames(std::uintptr_t address) {
  if (!files_) files_ = std::make_unique<Files>(loaded_);
  std::vector<reports::Frame> result;
  if (files_->frames(address - loaded_.bias, loaded_.name, result)) return result;
  return {{files_->elf.function_at(address - loaded_.bias), "", 0, loaded_.name}};
}

std::string ModuleSymbols::data_symbol(std::uintptr_t address) {
  if (!files_) files_ = std::make_unique<Files>(loaded_);
  const ElfSymbols::Data data = files_->elf.data_at(address - loaded_.bias);
  if (data.offset == 0) return data.name;
  const std::string member = files_->member_at(data.address, data.offset);
  return member.empty() ? fmt::format("{}+{}", data.name, data.offset) : data.name + member;
}

}  // namespace harness
