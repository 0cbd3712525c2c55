#include "harness/engine/errors.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace harness {

void check_failed(const char* condition, const char* file, int line) {
  char text[512];
  const int length = std::snprintf(text, sizeof text,
                                   "harness: internal error: %s does not hold (%s:%d). This is a bug of "
                                   "harness, not of the program under test.\n",
                                   condition, file, line);
  if (length > 0) [[maybe_unused]] const auto ignored = write(STDERR_FILENO, text, static_cast<std::size_t>(length));
  std::abort();
}

}  // namespace harness
