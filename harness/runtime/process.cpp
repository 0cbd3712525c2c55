// How a program ends itself: exit(), abort(), assert().
#include <cxxabi.h>

#include <cstdio>
#include <exception>
#include <typeinfo>

#include "harness/runtime/caller.hpp"
#include "harness/runtime/program_exit.hpp"
#include "harness/stress/hooks.hpp"

namespace harness {
namespace {

// Why std::terminate() was called, where it was: "terminate called after throwing std::runtime_error: text".
void describe_termination(char* text, std::size_t room) {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) {
    std::snprintf(text, room, "abort()");
    return;
  }
  int status = 0;
  char* const demangled = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  const char* what = "";
  try {
    throw;
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {
  }
  std::snprintf(text, room, "an exception nobody caught: %s%s%s",
                demangled == nullptr ? type->name() : demangled, *what == 0 ? "" : ": ", what);
  std::free(demangled);
}

[[noreturn]] void ended(const char* what, std::uintptr_t where) {
  Engine& engine = *active;
  active = nullptr;
  engine.crashed(what, 0, false, where);
}

}  // namespace
}  // namespace harness

using harness::active;
namespace real = harness::real;

HARNESS_EXPORT void abort() noexcept {
  if (active == nullptr) {
    real::abort();
    __builtin_unreachable();
  }
  harness::Engine& engine = *active;
  active = nullptr;
  char text[400];
  harness::describe_termination(text, sizeof text);
  engine.crashed(text, 0, false, HARNESS_CALLER);
}

HARNESS_EXPORT void exit(int status) noexcept {
  if (active == nullptr) {
    real::exit(status);
    __builtin_unreachable();
  }
  if (harness::is_whole_program()) harness::exit_program(status, HARNESS_CALLER);
  char text[64];
  std::snprintf(text, sizeof text, "exit(%d)", status);
  harness::ended(text, HARNESS_CALLER);
}
HARNESS_EXPORT void _exit(int status) {
  if (active == nullptr) {
    real::_exit(status);
    __builtin_unreachable();
  }
  if (harness::is_whole_program()) active->end_program(status, HARNESS_CALLER);
  char text[64];
  std::snprintf(text, sizeof text, "_exit(%d)", status);
  harness::ended(text, HARNESS_CALLER);
}
HARNESS_EXPORT void _Exit(int) noexcept __attribute__((alias("_exit")));
HARNESS_EXPORT void quick_exit(int status) noexcept {
  if (active == nullptr) {
    real::quick_exit(status);
    __builtin_unreachable();
  }
  if (harness::is_whole_program()) harness::quick_exit_program(status, HARNESS_CALLER);
  char text[64];
  std::snprintf(text, sizeof text, "quick_exit(%d)", status);
  harness::ended(text, HARNESS_CALLER);
}

HARNESS_EXPORT void __assert_fail(const char* expression, const char* file, unsigned line,
                                  const char* function) noexcept {
  if (active == nullptr) {
    if (const auto* hooks = harness::stress_mode::hooks.load(std::memory_order_acquire);
        hooks != nullptr && hooks->asserted != nullptr)
      hooks->asserted(expression, file, line, HARNESS_CALLER);
    real::__assert_fail(expression, file, line, function);
    __builtin_unreachable();
  }
  harness::Engine& engine = *active;
  active = nullptr;
  char text[400];
  std::snprintf(text, sizeof text, "%s (%s:%u)", expression, file, line);
  engine.assertion_failed(text, HARNESS_CALLER);
}
