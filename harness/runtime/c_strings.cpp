// strlen(), strcmp(), memcmp() and their relatives: what they read and write is looked at like
// plain accesses, whoever calls them. Functions that <cstring> overloads for C++ are defined under
// names of ours.
#include <strings.h>

#include <algorithm>

#include "harness/runtime/access.hpp"

using harness::active;
using harness::check_range;
namespace real = harness::real;

namespace {

// Bytes of a string, at most `most`, the terminating null included where it is among them.
std::size_t bytes_read(const char* text, std::size_t most) {
  return std::min(real::strnlen(text, most), most - 1) + 1;
}

void check_string(const char* text, std::uintptr_t where) {
  check_range(text, real::strlen(text) + 1, false, where);
}

void check_string(const char* text, std::size_t most, std::uintptr_t where) {
  if (most > 0) check_range(text, bytes_read(text, most), false, where);
}

// Of two strings that are compared: up to where they differ, or end.
void check_compared(const char* one, const char* other, std::size_t most, std::uintptr_t where) {
  std::size_t bytes = 0;
  while (bytes < most && one[bytes] == other[bytes] && one[bytes] != '\0') ++bytes;
  bytes = std::min(bytes, most - 1) + 1;
  check_range(one, bytes, false, where);
  check_range(other, bytes, false, where);
}

// Without regard to case they may differ earlier than they end: both are read that far.
void check_both(const char* one, const char* other, std::size_t most, std::uintptr_t where) {
  const std::size_t bytes = std::min(bytes_read(one, most), bytes_read(other, most));
  check_range(one, bytes, false, where);
  check_range(other, bytes, false, where);
}

constexpr std::size_t whole = static_cast<std::size_t>(-1) / 2;

}  // namespace

HARNESS_EXPORT std::size_t strlen(const char* text) noexcept {
  const std::size_t length = real::strlen(text);
  if (active != nullptr) check_range(text, length + 1, false, HARNESS_CALLER);
  return length;
}
HARNESS_EXPORT std::size_t strnlen(const char* text, std::size_t most) noexcept {
  if (active != nullptr) check_string(text, most, HARNESS_CALLER);
  return real::strnlen(text, most);
}

// --- two compared
HARNESS_EXPORT int memcmp(const void* one, const void* other, std::size_t bytes) noexcept {
  if (active != nullptr) {
    check_range(one, bytes, false, HARNESS_CALLER);
    check_range(other, bytes, false, HARNESS_CALLER);
  }
  return real::memcmp(one, other, bytes);
}
HARNESS_EXPORT int bcmp(const void* one, const void* other, std::size_t bytes) noexcept {
  if (active != nullptr) {
    check_range(one, bytes, false, HARNESS_CALLER);
    check_range(other, bytes, false, HARNESS_CALLER);
  }
  return real::memcmp(one, other, bytes);
}
HARNESS_EXPORT int strcmp(const char* one, const char* other) noexcept {
  if (active != nullptr) check_compared(one, other, whole, HARNESS_CALLER);
  return real::strcmp(one, other);
}
HARNESS_EXPORT int strncmp(const char* one, const char* other, std::size_t most) noexcept {
  if (active != nullptr && most > 0) check_compared(one, other, most, HARNESS_CALLER);
  return real::strncmp(one, other, most);
}
HARNESS_EXPORT int strcasecmp(const char* one, const char* other) noexcept {
  if (active != nullptr) check_both(one, other, whole, HARNESS_CALLER);
  return real::strcasecmp(one, other);
}
HARNESS_EXPORT int strncasecmp(const char* one, const char* other, std::size_t most) noexcept {
  if (active != nullptr && most > 0) check_both(one, other, most, HARNESS_CALLER);
  return real::strncasecmp(one, other, most);
}

// --- one searched
#define HARNESS_SEARCH(name, parameters, check, arguments)                                   \
  HARNESS_EXPORT void* harness_##name parameters noexcept __asm__(#name);                    \
  HARNESS_EXPORT void* harness_##name parameters noexcept {                                  \
    static void*(*search)parameters = nullptr;                                               \
    if (search == nullptr) search = reinterpret_cast<void*(*)parameters>(real::find(#name)); \
    if (active != nullptr) check;                                                            \
    return search arguments;                                                                 \
  }

HARNESS_SEARCH(memchr, (const void* in, int byte, std::size_t bytes),
               check_range(in, bytes, false, HARNESS_CALLER), (in, byte, bytes))
HARNESS_SEARCH(memrchr, (const void* in, int byte, std::size_t bytes),
               check_range(in, bytes, false, HARNESS_CALLER), (in, byte, bytes))
HARNESS_SEARCH(strchr, (const char* in, int character), check_string(in, HARNESS_CALLER),
               (in, character))
HARNESS_SEARCH(strrchr, (const char* in, int character), check_string(in, HARNESS_CALLER),
               (in, character))
HARNESS_SEARCH(strchrnul, (const char* in, int character), check_string(in, HARNESS_CALLER),
               (in, character))
HARNESS_SEARCH(strstr, (const char* in, const char* part),
               (check_string(in, HARNESS_CALLER), check_string(part, HARNESS_CALLER)), (in, part))

// --- one copied
HARNESS_EXPORT char* strcpy(char* to, const char* from) noexcept {
  if (active != nullptr) {
    check_string(from, HARNESS_CALLER);
    check_range(to, real::strlen(from) + 1, true, HARNESS_CALLER);
  }
  return real::strcpy(to, from);
}
HARNESS_EXPORT char* stpcpy(char* to, const char* from) noexcept {
  if (active != nullptr) {
    check_string(from, HARNESS_CALLER);
    check_range(to, real::strlen(from) + 1, true, HARNESS_CALLER);
  }
  return real::stpcpy(to, from);
}
HARNESS_EXPORT char* strncpy(char* to, const char* from, std::size_t bytes) noexcept {
  if (active != nullptr) {
    check_string(from, bytes, HARNESS_CALLER);
    check_range(to, bytes, true, HARNESS_CALLER);
  }
  return real::strncpy(to, from, bytes);
}
HARNESS_EXPORT char* strcat(char* to, const char* from) noexcept {
  if (active != nullptr) {
    check_string(from, HARNESS_CALLER);
    check_string(to, HARNESS_CALLER);
    check_range(to + real::strlen(to), real::strlen(from) + 1, true, HARNESS_CALLER);
  }
  return real::strcat(to, from);
}
HARNESS_EXPORT char* strncat(char* to, const char* from, std::size_t most) noexcept {
  if (active != nullptr) {
    check_string(from, most, HARNESS_CALLER);
    check_string(to, HARNESS_CALLER);
    check_range(to + real::strlen(to), real::strnlen(from, most) + 1, true, HARNESS_CALLER);
  }
  return real::strncat(to, from, most);
}
HARNESS_EXPORT char* strdup(const char* text) noexcept {
  if (active != nullptr) check_string(text, HARNESS_CALLER);
  return real::strdup(text);
}
HARNESS_EXPORT char* strndup(const char* text, std::size_t most) noexcept {
  if (active != nullptr) check_string(text, most, HARNESS_CALLER);
  return real::strndup(text, most);
}
