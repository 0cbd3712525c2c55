// Throws while it is loaded.
#include <stdexcept>

namespace {
struct Thrower {
  Thrower() { throw std::runtime_error("no such weather"); }
} const thrower;
}  // namespace
