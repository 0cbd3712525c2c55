// The worker process: its hooks, which delay or hand over, record, and tell the sanitizer; and its
// loop over executions.
#include "harness/stress/worker.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

#include "harness/stress/crash.hpp"
#include "harness/stress/delays.hpp"
#include "harness/stress/driver.hpp"
#include "harness/stress/hooks.hpp"
#include "harness/stress/invisible.hpp"
#include "harness/stress/real_execution.hpp"
#include "harness/stress/recorder.hpp"
#include "harness/stress/sanitizer.hpp"
#include "harness/stress/sleepers.hpp"

namespace harness::stress_mode {
namespace {

// A worker is renewed after so long, so that what the program under test leaks does not add up.
constexpr std::int64_t renewed_after_ns = 10'000'000'000;
constexpr std::uint64_t renewed_after_executions = 20'000;

// What the hooks of this process serve. The one state of stress mode that is reachable from
// everywhere.
struct Active {
  Board* board = nullptr;
  Recorder* recorder = nullptr;
  Driver* driver = nullptr;
  Delays delays;
};
Active active;

// Whether the calling thread is in a hook already: the tool's own calls are not to be recorded.
thread_local bool inside = false;

class Inside {
 public:
  Inside() { inside = true; }
  ~Inside() { inside = false; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  KeepErrno errno_;
  Unseen unseen_;
};

bool listening() { return !inside && active.recorder->active(); }

TaskId this_task() {
  const bool known = known_task() != no_task;
  const TaskId task = active.recorder->this_task();
  if (!known) use_alternate_stack(task);
  return task;
}

void hold_up(const char* point) {
  const TaskId task = this_task();
  if (active.driver != nullptr)
    active.driver->arrive(task, point);
  else if (active.delays.hold_up(task))
    active.board->counted[delays_taken].fetch_add(1);
}

void on_point(const char* name, std::uintptr_t where) {
  if (!listening()) return;
  const Inside here;
  hold_up(name);
  active.recorder->point(name, where);
}

void on_observed(const harness_observation& observation, std::uintptr_t where) {
  if (!listening()) return;
  const Inside here;
  const bool agrees = observation.kind == HARNESS_COUNTED && observation.value == observation.expected;
  if (agrees && observation.value != 0)
    add_to_figure(*active.board, observation.label, observation.value);
  // Recorded at once where the slice is ours already; what is asked for can be held up before.
  const bool after = observation.kind == HARNESS_GIVEN || observation.kind == HARNESS_RETURNING;
  if (active.driver != nullptr || !after) hold_up(nullptr);
  active.recorder->observed(observation, where);
  if (active.driver == nullptr && after) hold_up(nullptr);
}

bool takes_away(Op op, const void* address, int prot) {
  if (op == Op::map) return address != nullptr;
  return op != Op::protect || prot == PROT_NONE;
}

// The accessible parts of the range of the memory call under way; guarded by the recorder's lock.
struct Part {
  std::uintptr_t low;
  std::uintptr_t high;
};
std::array<Part, 256> parts;
std::size_t part_count = 0;
thread_local int skipped_calls = 0;  // memory calls under way that are not recorded

void before_memory(Op op, const void* address, std::size_t bytes, int prot, std::uintptr_t where) {
  if (!listening()) {
    ++skipped_calls;
    return;
  }
  {
    const Inside here;
    hold_up(nullptr);
    active.recorder->before_memory(op, address, bytes);
    part_count = 0;
    const auto low = reinterpret_cast<std::uintptr_t>(address);
    if (takes_away(op, address, prot))
      active.recorder->ranges().each(low, low + bytes,
                                     [](std::uintptr_t from, std::uintptr_t to, int is) {
                                       if (is != PROT_NONE && part_count < parts.size())
                                         parts[part_count++] = {from, to};
                                     });
  }
  // To the sanitizer this is the program's own doing.
  const int kept = errno;
  inside = true;
  for (std::size_t i = 0; i < part_count; ++i) taking_away(op, parts[i].low, parts[i].high, where);
  errno = kept;
}

void after_memory(Op op, const void* result, std::size_t bytes, int prot, bool failed,
                  std::uintptr_t where) {
  if (skipped_calls > 0) {
    --skipped_calls;
    return;
  }
  const Inside here;
  const auto low = reinterpret_cast<std::uintptr_t>(result);
  const bool gives = (op == Op::map || op == Op::protect) && prot != PROT_NONE;
  const bool takes = op == Op::unmap ? keeps(low) : op != Op::discard;
  if (!failed && gives) given_anew(low, low + bytes);
  if (!failed && !gives && takes)
    for (std::size_t i = 0; i < part_count; ++i) taken_away(parts[i].low, parts[i].high);
  active.recorder->after_memory(op, result, bytes, prot, failed, where);
  hold_up(nullptr);
}

void on_assertion(const char* expression, const char* file, unsigned line, std::uintptr_t where) {
  const Inside here;
  char text[256];
  // The last part of the path says which file it is; the rest differs between machines.
  const char* name = std::strrchr(file, '/');
  std::snprintf(text, sizeof text, "%s (%s:%u)", expression, name != nullptr ? name + 1 : file,
                line);
  active.recorder->failed(text, true, where);
}

constexpr Hooks table = {on_point, on_observed, before_memory, after_memory, on_assertion};

void play_one(const Work& work, std::uint64_t execution) {
  std::unique_ptr<Driver> driver;
  if (!work.schedule.empty()) driver = std::make_unique<Driver>(*active.board, work.schedule);
  active.driver = driver.get();
  active.delays.begin(work.seed, execution);
  // Every fourth execution lets addresses be used again at once, as they are outside of the tool.
  keep_unmapped(driver != nullptr || mix(work.seed, execution, 7) % 4 != 0);
  if (driver != nullptr) driver->start();
  RealExecution real(*active.board, *active.recorder, driver.get(), work.seed, execution);
  real.play(*work.scenario, work.variant);
  if (driver != nullptr) driver->finish();
  active.driver = nullptr;
  drop_unmapped();
}

// Of this process, as the kernel says; 0 if it does not.
std::uint64_t resident_kib() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long all = 0;
  unsigned long resident = 0;
  if (std::fscanf(file, "%lu %lu", &all, &resident) != 2) resident = 0;
  std::fclose(file);
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

// How much memory executions leave behind: the first ones fill caches.
class Growth {
 public:
  explicit Growth(Board& board) : board_(board) {}
  void note(std::uint64_t done) {
    if (done == first_executions) first_ = resident_kib();
  }
  ~Growth() {
    const std::uint64_t now = resident_kib();
    raise(board_.resident_kib, now);
    if (first_ != 0 && now > first_) raise(board_.grown_kib, now - first_);
  }
  Growth(const Growth&) = delete;
  Growth& operator=(const Growth&) = delete;

 private:
  static constexpr std::uint64_t first_executions = 4;
  static void raise(std::atomic<std::uint64_t>& most, std::uint64_t value) {
    if (most.load() < value) most.store(value);
  }

  Board& board_;
  std::uint64_t first_ = 0;
};

// Which threads are not the program's. ThreadSanitizer starts one of its own with the first of
// others.
void note_own_threads(Board& board) {
  pthread_t first;
  if (pthread_create(
          &first, nullptr, [](void*) -> void* { return nullptr; }, nullptr) == 0)
    pthread_join(first, nullptr);
  for (const int thread : threads_of(0)) board.note_own_thread(thread);
}

// At least one, however short the time.
void play_all(Board& board, const Work& work) {
  Growth growth(board);
  const std::int64_t began = now_ns();
  for (std::uint64_t done = 0; done == 0 || !board.stop; ++done) {
    if (work.executions != 0 && done == work.executions) break;
    if (done == renewed_after_executions || now_ns() - began > renewed_after_ns) break;
    growth.note(done);
    play_one(work, work.first + done);
    if (!work.schedule.empty()) break;
  }
}

[[noreturn]] void work_on(Board& board, const Work& work, int parent) {
  // The watching process decides when it is over: not the terminal, and not without it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) exit_now(0);
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  Recorder recorder(board);
  active.board = &board;
  active.recorder = &recorder;
  find_sanitizer_libraries();
  watch_sanitizer(board, work.text_file);
  catch_crashes(board);
  note_own_threads(board);
  hooks.store(&table, std::memory_order_release);
  play_all(board, work);
  claim_finding(board);
  end_worker(board, Stage::finished);
}

}  // namespace

int start_worker(Board& board, const Work& work) {
  std::fflush(nullptr);  // or the worker would print it a second time
  const int parent = getpid();
  const int process = fork();
  if (process < 0) throw std::system_error(errno, std::generic_category(), "cannot fork a worker");
  if (process == 0) work_on(board, work, parent);
  return process;
}

}  // namespace harness::stress_mode
