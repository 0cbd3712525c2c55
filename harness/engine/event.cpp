// Names of ops, and how a message mentions tasks and objects.
#include "harness/engine/event.hpp"

#include <fmt/format.h>

#include <array>

#include "harness/engine/oracle.hpp"

namespace harness {

std::string_view name_of(Op op) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Op::count_)> names = {
      "start",      "end",        "spawn",          "join",           "yield",       "sleep",
      "load",       "store",      "rmw",            "cas",            "fence",       "read-point",
      "write-point", "lock",      "try-lock",       "unlock",         "lock-shared", "try-lock-shared",
      "unlock-shared", "wait",    "wake",           "notify",         "futex-wait",  "futex-wake",
      "once",       "guard",      "semaphore-wait", "semaphore-post", "barrier",     "map",
      "unmap",      "discard",    "protect",        "allocate",   "point",          "enter",       "leave",
      "clock",      "signal",         "descriptor",     "asked",      "given",          "returning",      "returned",    "closed",
      "budget",     "counted",    "lost",           "violated",       "read",        "write", "destroy",
      "stuck",      "aborted",    "crashed"};
  const auto index = static_cast<std::size_t>(op);
  return index < names.size() ? names[index] : "unknown";
}

std::string mention(TaskId task) { return fmt::format("{{task:{}}}", task); }

std::string mention_object(std::uintptr_t address) { return fmt::format("{{object:{:x}}}", address); }

}  // namespace harness
