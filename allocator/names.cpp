// The names of results, as people read them.
#include "allocator/slice.hpp"

namespace allocator {

std::string_view name_of(Released result) {
  switch (result) {
    case Released::ok:
      return "ok";
    case Released::double_release:
      return "double-release";
    case Released::foreign:
      return "foreign";
    case Released::misaligned:
      return "misaligned";
    case Released::closed:
      return "closed";
    case Released::stale:
      return "stale";
  }
  return "unknown";
}

std::string_view name_of(Shortage shortage) {
  switch (shortage) {
    case Shortage::budget:
      return "budget";
    case Shortage::address_space:
      return "address space";
    case Shortage::system_memory:
      return "system memory";
    case Shortage::closed:
      return "closed";
  }
  return "unknown";
}

}  // namespace allocator
