// AddressSanitizer and UndefinedBehaviorSanitizer: their options, what becomes of their reports,
// and how they learn that memory went away. An unmapped range is poisoned while its address is
// kept, so that a late access is a report with a stack and not just a signal.
#include <sanitizer/asan_interface.h>

#include <cstdio>

#include "harness/stress/invisible.hpp"
#include "harness/stress/ranges.hpp"
#include "harness/stress/recorder.hpp"
#include "harness/stress/sanitizer.hpp"
#include "harness/stress/stress.hpp"

extern "C" {
void __sanitizer_set_report_fd(void* file);
void __ubsan_get_current_report_data(const char** kind, const char** message, const char** file,
                                     unsigned* line, unsigned* column, char** address);

// The tool's own wishes; ASAN_OPTIONS overrides them. Fatal signals are the worker's to catch.
// Leaked regions are the oracles' business; the leak check of the heap needs ptrace, which is often
// forbidden.
[[gnu::visibility("default")]] const char* __asan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0:"
         "use_sigaltstack=0:detect_leaks=0:detect_stack_use_after_return=0:allow_user_poisoning=1:"
         "atexit=0";
}
[[gnu::visibility("default")]] const char* __ubsan_default_options() {
  return "print_stacktrace=0";
}
}

namespace harness {

std::string_view sanitizer_of_build() { return "address"; }

namespace stress_mode {
namespace {

Board* board = nullptr;
InvisibleLock poisoned_lock;
Ranges poisoned;

// Called when the report is complete, before AddressSanitizer ends the process.
void on_report_text(const char* text) {
  if (board == nullptr || __asan_report_present() == 0) return;
  claim_finding(*board);
  SanitizerReport& to = board->report;
  copy_text(to.kind, __asan_get_report_description());
  copy_text(to.text, text);
  to.access_count = 1;
  ReportedAccess& access = to.accesses[0];
  access.task = known_task();
  access.writes = __asan_get_report_access_type() != 0;
  access.frees = false;
  access.address = reinterpret_cast<std::uintptr_t>(__asan_get_report_address());
  access.bytes = __asan_get_report_access_size();
  // The program counter is exact; return addresses are looked up one byte earlier.
  const auto pc = reinterpret_cast<std::uintptr_t>(__asan_get_report_pc()) + 1;
  const auto frame = reinterpret_cast<std::uintptr_t>(__asan_get_report_bp());
  std::array<std::uintptr_t, 20> callers{};
  const std::uint32_t depth = take_callers(frame, callers);
  access.stack[0] = pc;
  access.depth = 1;
  for (std::uint32_t i = 0; i < depth && access.depth < access.stack.size(); ++i)
    access.stack[access.depth++] = callers[i];
  end_worker(*board, Stage::reported);
}

}  // namespace

Unseen::Unseen() = default;
Unseen::~Unseen() = default;

void watch_sanitizer(Board& to, int text_file) {
  board = &to;
  __asan_set_error_report_callback(on_report_text);
  if (text_file >= 0)
    __sanitizer_set_report_fd(reinterpret_cast<void*>(static_cast<std::intptr_t>(text_file)));
}

void taking_away(Op, std::uintptr_t, std::uintptr_t, std::uintptr_t) {}
void taken_away(std::uintptr_t low, std::uintptr_t high) {
  poisoned_lock.lock();
  __asan_poison_memory_region(reinterpret_cast<void*>(low), high - low);
  poisoned.set(low, high, 0);
  poisoned_lock.unlock();
}
void given_anew(std::uintptr_t low, std::uintptr_t high) {
  poisoned_lock.lock();
  // Only what was poisoned here: a reservation can be a terabyte, whose shadow must not be touched.
  poisoned.each(low, high, [](std::uintptr_t from, std::uintptr_t to, int) {
    __asan_unpoison_memory_region(reinterpret_cast<void*>(from), to - from);
  });
  poisoned.remove(low, high);
  poisoned_lock.unlock();
}

}  // namespace stress_mode
}  // namespace harness

// UndefinedBehaviorSanitizer is about to print a report.
extern "C" [[gnu::visibility("default")]] void __ubsan_on_report() {
  using namespace harness::stress_mode;
  if (board == nullptr) return;
  claim_finding(*board);
  const char *kind = "", *message = "", *file = "";
  unsigned line = 0, column = 0;
  char* address = nullptr;
  __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
  SanitizerReport& to = board->report;
  copy_text(to.kind, kind);
  std::snprintf(to.text.data(), to.text.size(), "UndefinedBehaviorSanitizer: %s at %s:%u:%u (%s)",
                message, file, line, column, kind);
  to.access_count = 1;
  ReportedAccess& access = to.accesses[0];
  access = {};
  access.task = known_task();
  access.depth =
      take_callers(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)), access.stack);
  end_worker(*board, Stage::reported);
}
