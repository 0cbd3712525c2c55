// Crashes while it is loaded.
#include <csignal>

namespace {
struct Crasher {
  Crasher() {
    std::signal(SIGSEGV, SIG_DFL);
    std::raise(SIGSEGV);
  }
} const crasher;
}  // namespace
