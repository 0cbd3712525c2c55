// Board: everything that the worker (real threads, may die at any instruction) leaves for the
// watching process, in memory that both share. Written ahead of whatever can go wrong, so that a
// worker that is lost has already said all it knew. Plain arrays of fixed size: a crash handler may
// write here.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "harness/engine/event.hpp"
#include "harness/explore/describe.hpp"

namespace harness::stress_mode {

inline constexpr std::size_t max_tasks = 512;
inline constexpr std::size_t ring_entries = 4096;    // the last events of an execution
inline constexpr std::size_t memory_entries = 8192;  // its map, unmap, protect and discard
inline constexpr std::size_t max_accesses = 8;

// How far the worker is. Whoever finds something moves it once from `running` to `writing`, and
// then to what it found; later finders wait to be taken down.
enum class Stage : std::uint32_t {
  running,
  writing,
  finished,        // all its executions, nothing found
  objected,        // an oracle objected: finding
  crashed,         // a fatal signal: crash
  reported,        // the sanitizer reported: report
  diverged,        // the schedule does not fit: message
  scenario_error,  // the scenario itself is at fault: message
};

struct Entry {
  std::uint64_t number;  // of the event in its execution
  Recorded recorded;
};

enum class TaskState : std::uint8_t { unused, created, running, ended };

struct TaskSlot {
  std::array<char, 48> name;
  std::atomic<int> thread;  // the kernel's thread id
  std::atomic<TaskState> state;
  std::uintptr_t stack_low;  // 0: not known
  std::uintptr_t stack_high;
  std::atomic<std::uint32_t> step;  // of its last event
};

struct Finding {
  std::array<char, 64> rule;
  std::array<char, 4096> message;
  bool freed_region;
  std::uint32_t access_count;
  std::array<Recorded, max_accesses> accesses;
};

struct Crash {
  int signal;
  std::uintptr_t address;
  bool has_address;
  bool writes;
  TaskId task;
  std::uint32_t step;
  std::array<char, 256> text;  // of an assertion or an exception; "" for a signal
  bool asserted;
  Recorded at;
};

// One access that a sanitizer names.
struct ReportedAccess {
  TaskId task;
  bool writes;
  bool frees;  // not an access: the moment at which the range was taken away
  std::uintptr_t address;
  std::uint64_t bytes;
  std::uint32_t depth;
  std::array<std::uintptr_t, 20> stack;
};

struct SanitizerReport {
  std::array<char, 128> kind;  // "data-race", "heap-use-after-free", ...
  std::uint32_t access_count;
  std::array<ReportedAccess, 4> accesses;  // as the sanitizer orders them: the current one first
  std::array<char, 32768> text;
};

// What the memory call under way is about; there is at most one at a time.
struct PendingCall {
  bool active;
  Op op;
  TaskId task;
  std::uintptr_t address;
  std::uint64_t bytes;
};

enum Counter : std::uint8_t {
  points_reached,
  regions_mapped,
  regions_unmapped,
  ranges_discarded,
  ranges_protected,
  slices_given,
  slices_returned,
  delays_taken,
  counters
};

// What a scenario counted itself (observe::counted, where both sides agree), added up over all
// executions under its label.
struct Figure {
  std::array<char, 48> label;
  std::atomic<std::uint64_t> sum;
};

struct Board {
  std::atomic<Stage> stage;
  std::atomic<bool> stop;                        // the watching process has had enough
  std::atomic<std::uint64_t> executions;         // completed
  std::atomic<std::int64_t> execution_began;     // CLOCK_MONOTONIC; 0 between executions
  std::atomic<std::uint64_t> events;             // of all executions: is there progress?
  std::atomic<std::uint32_t> longest;            // steps of the longest execution
  std::atomic<bool> driving;                     // a schedule hands the threads over
  std::array<std::atomic<int>, 16> own_threads;  // of the tool and the sanitizer; 0: none
  std::array<std::atomic<std::uint64_t>, counters> counted;
  std::atomic<std::uint64_t> resident_kib;       // the most that a worker had at its end
  std::atomic<std::uint64_t> grown_kib;          // the most that one gained since its first executions
  std::atomic<std::uint32_t> figures_used;
  std::array<Figure, 16> figures;

  // Of the running execution.
  std::atomic<std::uint32_t> tasks;
  std::array<TaskSlot, max_tasks> task;
  std::atomic<std::uint64_t> recorded;  // events so far
  std::array<Entry, ring_entries> ring;
  std::atomic<std::uint64_t> memory_recorded;
  std::array<Entry, memory_entries> memory;
  std::atomic<std::uint32_t> step;
  PendingCall pending;

  // What was found.
  Finding finding;
  Crash crash;
  SanitizerReport report;
  std::array<char, 2048> text;  // of diverged and scenario_error

  // Labels, interned here: the watching process cannot read the worker's memory.
  std::atomic<std::uint32_t> labels_used;
  std::array<char, 65536> labels;

  void note_own_thread(int thread) {
    for (auto& own : own_threads)
      if (int free = 0; own.compare_exchange_strong(free, thread)) return;
  }
};

// Maps a fresh board, all zero, shared with the processes forked from this one.
Board& new_board();
void drop_board(Board& board);

// Copies at most size - 1 characters and ends with a null character. Uses no libc.
template <std::size_t size>
void copy_text(std::array<char, size>& to, const char* from) {
  std::size_t i = 0;
  for (; from != nullptr && from[i] != 0 && i + 1 < size; ++i) to[i] = from[i];
  to[i] = 0;
}

// Moves the stage from running to writing. Only the first caller returns; others wait for the end.
void claim_finding(Board& board);

// Adds to the figure of that label; where there are too many labels, to none.
void add_to_figure(Board& board, const char* label, std::uint64_t value);
// Sets the stage and ends the worker.
[[noreturn]] void end_worker(Board& board, Stage stage);

}  // namespace harness::stress_mode
