// Instantiates the small shape, right and with every planted defect. Only in the library under
// test.
#include "allocator/planted.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "allocator/claimed/definitions.hpp"
#include "allocator/claimed/variant.hpp"

namespace allocator {
namespace {

template <Defects defects>
std::unique_ptr<Pool> made(const Options& options) {
  return std::make_unique<claimed::Variant<claimed::small_shape, defects>>(options);
}

template <std::size_t... index>
std::unique_ptr<Pool> made_by_name(std::string_view name, const Options& options,
                                   std::index_sequence<index...>) {
  std::unique_ptr<Pool> pool;
  static_cast<void>(((named_defects[index].name == name &&
                      (pool = made<named_defects[index].defects>(options), true)) ||
                     ...));
  return pool;
}

}  // namespace

std::unique_ptr<Pool> make_small(const Options& options) { return made<no_defects>(options); }

std::unique_ptr<Pool> make_defective(std::string_view defect, const Options& options) {
  auto pool = made_by_name(defect, options, std::make_index_sequence<named_defects.size()>());
  if (pool != nullptr) return pool;
  std::string known;
  for (const NamedDefect& named : named_defects) {
    known += (known.empty() ? "" : ", ") + std::string(named.name);
  }
  throw std::invalid_argument("unknown defect '" + std::string(defect) + "' (known: " + known +
                              ")");
}

}  // namespace allocator
