// The three kinds of error. The user's: UsageError, caught in main, exit 2. Ours: HARNESS_CHECK, always
// compiled in. The program under test's: a Violation, which is a value and not here.
#pragma once

#include <stdexcept>
#include <string>

namespace harness {

// What the user wrote cannot be used; the text says what to write instead.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A schedule does not fit the program: at which step it parted, what was expected and what came. Exit 3.
class ReplayDiverged : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Prints what failed and aborts; or, in a worker, hands the text to `handler`, which does not return: the
// schedule so far is in shared memory. Uses no heap.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
void on_check_failed(void (*handler)(const char* text));

}  // namespace harness

#define HARNESS_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::harness::check_failed(#condition, __FILE__, __LINE__))
