// memcpy() and its relatives, called by instrumented code and by libstdc++: what they touch is looked at like
// a plain access.
#include "harness/runtime/access.hpp"

using harness::check_range;
namespace real = harness::real;

HARNESS_EXPORT void* memcpy(void* to, const void* from, std::size_t bytes) noexcept {
  check_range(from, bytes, false, HARNESS_CALLER);
  check_range(to, bytes, true, HARNESS_CALLER);
  return real::memcpy(to, from, bytes);
}
HARNESS_EXPORT void* memmove(void* to, const void* from, std::size_t bytes) noexcept {
  check_range(from, bytes, false, HARNESS_CALLER);
  check_range(to, bytes, true, HARNESS_CALLER);
  return real::memmove(to, from, bytes);
}
HARNESS_EXPORT void* memset(void* to, int value, std::size_t bytes) noexcept {
  check_range(to, bytes, true, HARNESS_CALLER);
  return real::memset(to, value, bytes);
}

// clang's names for them.
HARNESS_EXPORT void* __tsan_memcpy(void* to, const void* from, std::size_t bytes) {
  check_range(from, bytes, false, HARNESS_CALLER);
  check_range(to, bytes, true, HARNESS_CALLER);
  return real::memcpy(to, from, bytes);
}
HARNESS_EXPORT void* __tsan_memmove(void* to, const void* from, std::size_t bytes) {
  check_range(from, bytes, false, HARNESS_CALLER);
  check_range(to, bytes, true, HARNESS_CALLER);
  return real::memmove(to, from, bytes);
}
HARNESS_EXPORT void* __tsan_memset(void* to, int value, std::size_t bytes) {
  check_range(to, bytes, true, HARNESS_CALLER);
  return real::memset(to, value, bytes);
}
