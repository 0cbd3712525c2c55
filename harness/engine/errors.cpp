#include "harness/engine/errors.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace harness {
namespace {
void (*check_handler)(const char* text) = nullptr;
}

void on_check_failed(void (*handler)(const char* text)) { check_handler = handler; }

void check_failed(const char* condition, const char* file, int line) {
  char text[512];
  std::snprintf(text, sizeof text,
                "internal error: %s does not hold (%s:%d). This is a bug of harness, not of the program under "
                "test.",
                condition, file, line);
  if (check_handler != nullptr) check_handler(text);
  dprintf(STDERR_FILENO, "harness: %s\n", text);
  std::abort();
}

}  // namespace harness
