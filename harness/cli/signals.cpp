#include "harness/cli/signals.hpp"

#include <csignal>

namespace harness::cli {
namespace {

std::atomic<bool> was_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void note(int) { was_interrupted.store(true, std::memory_order_relaxed); }

void install(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void install_signal_handlers() {
  install(SIGINT, note, SA_RESETHAND);
  install(SIGTERM, note, SA_RESETHAND);
  install(SIGPIPE, SIG_IGN, 0);
}

const std::atomic<bool>& interrupted() { return was_interrupted; }

}  // namespace harness::cli
