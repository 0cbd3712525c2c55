// Throws, while it is loaded, what is no std::exception.
namespace {
struct Thrower {
  Thrower() { throw 7; }
} const thrower;
}  // namespace
