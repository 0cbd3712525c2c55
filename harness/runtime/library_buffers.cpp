// Functions of libc that fill or read a buffer of the caller, or one of their own that all threads
// share: formatted text, lines and blocks of files, calendar times. What they do to it is looked at
// like plain accesses.
#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <ctime>

#include "harness/runtime/access.hpp"

using harness::active;
using harness::check_range;
namespace real = harness::real;

namespace {

// What was written, as far as there was room, is known afterwards: nothing else runs meanwhile.
int check_formatted(const char* to, std::size_t room, int length, std::uintptr_t where) {
  if (active == nullptr || length < 0 || room == 0) return length;
  check_range(to, std::min(static_cast<std::size_t>(length) + 1, room), true, where);
  return length;
}

constexpr std::size_t no_end = static_cast<std::size_t>(-1);

template <class Result>
Result* check_shared(Result* result, std::size_t bytes, std::uintptr_t where) {
  if (active != nullptr && result != nullptr) check_range(result, bytes, true, where);
  return result;
}

}  // namespace

// --- formatted text
HARNESS_EXPORT int vsnprintf(char* to, std::size_t room, const char* format,
                             va_list arguments) noexcept {
  return check_formatted(to, room, real::vsnprintf(to, room, format, arguments), HARNESS_CALLER);
}
HARNESS_EXPORT int vsprintf(char* to, const char* format, va_list arguments) noexcept {
  return check_formatted(to, no_end, real::vsprintf(to, format, arguments), HARNESS_CALLER);
}
HARNESS_EXPORT int snprintf(char* to, std::size_t room, const char* format, ...) noexcept {
  va_list arguments;
  va_start(arguments, format);
  const int length = real::vsnprintf(to, room, format, arguments);
  va_end(arguments);
  return check_formatted(to, room, length, HARNESS_CALLER);
}
HARNESS_EXPORT int sprintf(char* to, const char* format, ...) noexcept {
  va_list arguments;
  va_start(arguments, format);
  const int length = real::vsprintf(to, format, arguments);
  va_end(arguments);
  return check_formatted(to, no_end, length, HARNESS_CALLER);
}

// --- files: libc moves the bytes itself
HARNESS_EXPORT std::size_t fread(void* to, std::size_t size, std::size_t count, FILE* file) {
  const std::size_t read = real::fread(to, size, count, file);
  if (active != nullptr) check_range(to, read * size, true, HARNESS_CALLER);
  return read;
}
HARNESS_EXPORT std::size_t fwrite(const void* from, std::size_t size, std::size_t count,
                                  FILE* file) {
  if (active != nullptr) check_range(from, size * count, false, HARNESS_CALLER);
  return real::fwrite(from, size, count, file);
}
HARNESS_EXPORT char* fgets(char* to, int room, FILE* file) {
  char* const line = real::fgets(to, room, file);
  if (active != nullptr && line != nullptr)
    check_range(line, real::strlen(line) + 1, true, HARNESS_CALLER);
  return line;
}

// --- calendar times, in a place that all threads share
HARNESS_EXPORT std::tm* localtime(const std::time_t* time) noexcept {
  return check_shared(real::localtime(time), sizeof(std::tm), HARNESS_CALLER);
}
HARNESS_EXPORT std::tm* gmtime(const std::time_t* time) noexcept {
  return check_shared(real::gmtime(time), sizeof(std::tm), HARNESS_CALLER);
}
HARNESS_EXPORT char* asctime(const std::tm* time) noexcept {
  if (active != nullptr) check_range(time, sizeof *time, false, HARNESS_CALLER);
  return check_shared(real::asctime(time), 26, HARNESS_CALLER);
}
HARNESS_EXPORT char* ctime(const std::time_t* time) noexcept {
  return check_shared(real::ctime(time), 26, HARNESS_CALLER);
}
