// ThreadSanitizer: its options, what becomes of its reports, and how it learns that memory goes
// away. munmap and madvise are no accesses to it; here they are made writes by the thread that
// calls them, so that a use which is not ordered with them is the race that it is. This file is not
// instrumented.
#include <sys/mman.h>

#include "harness/stress/invisible.hpp"
#include "harness/stress/recorder.hpp"
#include "harness/stress/sanitizer.hpp"
#include "harness/stress/stress.hpp"

extern "C" {
void __tsan_ignore_thread_begin();
void __tsan_ignore_thread_end();
void __tsan_func_entry(void* call);
void __tsan_func_exit();
void __tsan_write8_pc(void* address, void* pc);
void __sanitizer_set_report_fd(void* file);
int __tsan_get_report_data(void* report, const char** description, int* count, int* stacks,
                           int* accesses, int* locations, int* mutexes, int* threads,
                           int* unique_tids, void** sleep_trace, unsigned long trace_size);
int __tsan_get_report_mop(void* report, unsigned long index, int* tid, void** address, int* size,
                          int* write, int* atomic, void** trace, unsigned long trace_size);
int __tsan_get_report_thread(void* report, unsigned long index, int* tid, unsigned long* os_id,
                             int* running, const char** name, int* parent_tid, void** trace,
                             unsigned long trace_size);

// The tool's own wishes; TSAN_OPTIONS overrides them. Fatal signals are the worker's to catch; what
// is no race (leaked threads, lock orders that might deadlock) would be a false alarm here.
[[gnu::visibility("default")]] const char* __tsan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0:"
         "use_sigaltstack=0:report_thread_leaks=0:report_signal_unsafe=0:detect_deadlocks=0:"
         "die_after_fork=0:atexit_sleep_ms=0:history_size=4:exitcode=0";
}
}

namespace harness {

std::string_view sanitizer_of_build() { return "thread"; }

namespace stress_mode {
namespace {

Board* board = nullptr;

// The call by which memory was taken away, as it appears in ThreadSanitizer's stacks: its function
// is looked up one byte earlier.
std::uintptr_t taking_pc(Op op) {
  switch (op) {
    case Op::unmap:
      return reinterpret_cast<std::uintptr_t>(&munmap) + 1;
    case Op::discard:
      return reinterpret_cast<std::uintptr_t>(&madvise) + 1;
    case Op::protect:
      return reinterpret_cast<std::uintptr_t>(&mprotect) + 1;
    default:
      return reinterpret_cast<std::uintptr_t>(&mmap) + 1;
  }
}

bool is_taking_pc(std::uintptr_t pc) {
  for (const Op op : {Op::unmap, Op::discard, Op::protect, Op::map})
    if (taking_pc(op) == pc) return true;
  return false;
}

// ThreadSanitizer numbers threads its own way; the kernel's number is what both know.
TaskId task_of(void* report, int threads, int tid) {
  for (int i = 0; i < threads; ++i) {
    int id = 0, running = 0, parent = 0;
    unsigned long os_id = 0;
    const char* name = nullptr;
    void* trace[1];
    __tsan_get_report_thread(report, static_cast<unsigned long>(i), &id, &os_id, &running, &name,
                             &parent, trace, 1);
    if (id != tid) continue;
    const std::uint32_t tasks = board->tasks < max_tasks ? board->tasks.load() : max_tasks;
    for (std::uint32_t task = 0; task < tasks; ++task)
      if (board->task[task].thread == static_cast<int>(os_id)) return static_cast<TaskId>(task);
  }
  return no_task;
}

void copy_access(void* report, int index, int threads, ReportedAccess& to) {
  int tid = 0, size = 0, write = 0, atomic = 0;
  void* address = nullptr;
  void* trace[20] = {};
  __tsan_get_report_mop(report, static_cast<unsigned long>(index), &tid, &address, &size, &write,
                        &atomic, trace, 20);
  to.task = task_of(report, threads, tid);
  to.writes = write != 0;
  to.address = reinterpret_cast<std::uintptr_t>(address);
  to.bytes = static_cast<std::uint64_t>(size);
  to.frees = is_taking_pc(reinterpret_cast<std::uintptr_t>(trace[0]));
  to.depth = 0;
  std::uintptr_t last = to.frees ? reinterpret_cast<std::uintptr_t>(trace[0]) : 0;
  for (void* frame : trace) {
    const auto pc = reinterpret_cast<std::uintptr_t>(frame);
    if (pc == 0) break;
    // An inlined call has a frame of its own with the address of the function that it is inlined
    // to.
    if (pc != last) to.stack[to.depth++] = pc;
    last = pc;
  }
}

}  // namespace

Unseen::Unseen() { __tsan_ignore_thread_begin(); }
Unseen::~Unseen() { __tsan_ignore_thread_end(); }

void watch_sanitizer(Board& to, int text_file) {
  board = &to;
  if (text_file >= 0)
    __sanitizer_set_report_fd(reinterpret_cast<void*>(static_cast<std::intptr_t>(text_file)));
}

void taking_away(Op op, std::uintptr_t low, std::uintptr_t high, std::uintptr_t where) {
  constexpr std::uintptr_t page = 4096;
  constexpr std::uintptr_t line = 64;
  __tsan_func_entry(reinterpret_cast<void*>(where));
  // The first line of every page stands for the page: all of it would cost a millisecond per MiB.
  for (std::uintptr_t at = low; at < high; at += page)
    for (std::uintptr_t word = at; word < at + line && word + 8 <= high; word += 8)
      __tsan_write8_pc(reinterpret_cast<void*>(word), reinterpret_cast<void*>(taking_pc(op)));
  __tsan_func_exit();
}

void taken_away(std::uintptr_t, std::uintptr_t) {}
void given_anew(std::uintptr_t, std::uintptr_t) {}

}  // namespace stress_mode
}  // namespace harness

// The report has been printed (to the text file); make it the worker's finding.
extern "C" [[gnu::visibility("default")]] void __tsan_on_report(void* report) {
  using namespace harness::stress_mode;
  if (board == nullptr) return;
  claim_finding(*board);
  const char* description = nullptr;
  int count = 0, stacks = 0, accesses = 0, locations = 0, mutexes = 0, threads = 0, unique_tids = 0;
  void* sleep_trace[1];
  __tsan_get_report_data(report, &description, &count, &stacks, &accesses, &locations, &mutexes,
                         &threads, &unique_tids, sleep_trace, 1);
  SanitizerReport& to = board->report;
  copy_text(to.kind, description);
  to.access_count = 0;
  for (int i = 0; i < accesses && to.access_count < to.accesses.size(); ++i)
    copy_access(report, i, threads, to.accesses[to.access_count++]);
  end_worker(*board, Stage::reported);
}
