// What a worker and the process that watches it have in common: one block of shared memory, made before
// the fork. The choice of every step stands here before the step is executed, so that no crash loses its
// schedule. The watching process trusts nothing in it but what it has checked.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/engine/oracle.hpp"
#include "harness/engine/plain_points.hpp"
#include "harness/engine/recorded.hpp"
#include "harness/engine/strategy.hpp"

namespace harness {

struct SharedViolation {
  static constexpr std::size_t max_accesses = 8;
  bool set;
  bool freed_region;
  char rule[64];
  char message[2048];
  std::uint32_t access_count;
  Event accesses[max_accesses];
};

// What is no violation, see Engine::warn().
struct SharedWarning {
  static constexpr std::size_t most_events = 8;
  static constexpr std::size_t name_bytes = 48;
  char rule[32];
  char message[1024];
  std::uint32_t event_count;
  Recorded events[most_events];
  char tasks[most_events][name_bytes];  // whose they are
};

// A signal that the worker caught, noted before anything else is tried.
struct SharedFault {
  std::atomic<int> signal;
  std::uintptr_t address;
  std::uintptr_t where;
};

class Engine;

enum class WorkerEnd : std::uint32_t {
  running,     // or lost: the process died without saying why
  exhausted,   // the strategy has nothing left
  budget,      // executions or seconds used up, or interrupted
  violated,    // `violation` is set
  cut_off,     // the last execution hit the step limit, and keep_going is off
  failed,      // `error` says why: the tool's own fault, or a scenario used wrongly
};

// A set of hashes that gives up counting when it is nearly full. In memory that starts as zero; one process
// writes at a time. Hashes whose lower 21 and upper 31 bits agree are taken for the same.
struct DistinctHashes {
  static constexpr std::size_t slots = std::size_t{1} << 21;
  static constexpr std::uint32_t again = std::uint32_t{1} << 31;  // this one came more than once

  std::atomic<std::uint64_t> count;
  std::atomic<std::uint64_t> once;  // of them
  std::uint64_t last;               // to be counted yet; 0: none
  std::uint32_t prints[slots];

  // Counts the hash noted before, and fetches the place of this one from memory meanwhile.
  void note(std::uint64_t hash) {
    settle();
    last = hash | !hash;
    __builtin_prefetch(&prints[last % slots], 1);
  }
  void settle();
};

struct Shared {
  static constexpr std::size_t max_tasks = 4096;
  static constexpr std::size_t max_strings = std::size_t{1} << 20;
  static constexpr std::size_t name_bytes = SharedWarning::name_bytes;

  std::atomic<bool> stop;            // set by the watcher: end after this execution
  std::atomic<std::uint64_t> executions;  // completed, cut off ones included
  std::atomic<std::uint64_t> cut_off;     // executions that hit the step limit
  std::atomic<std::uint64_t> violations;
  std::atomic<std::uint64_t> longest;     // steps
  std::atomic<std::uint32_t> steps;       // of the running execution: choices[0, steps) are valid
  std::atomic<WorkerEnd> end;
  std::atomic<bool> exhausted;
  std::atomic<int> bound;                 // Strategy::bound(), and
  std::atomic<double> leaves;             // Strategy::leaves() after the last execution
  std::atomic<bool> is_stalled;           // the watchdog found it at `stalled`
  Recorded stalled;
  std::uint64_t violating_execution;
  SharedPoints points;               // plain accesses that are scheduling points,
  std::uint32_t points_in_force;     // and how many of them in the running execution
  std::atomic<std::uint64_t> strategy_memory;  // see Strategy::memory()
  SharedViolation violation;
  std::uint32_t violating_steps;
  std::atomic<std::uint32_t> warning_count;
  std::array<SharedWarning, 16> warnings;
  SharedFault fault;
  char error[2048];
  char divergence[2048];
  char uncontrolled[4096];           // lines
  std::uint32_t task_count;
  char task_names[max_tasks][name_bytes];
  std::atomic<std::uint32_t> recorded;
  std::uint32_t strings_used;
  char strings[max_strings];
  DistinctHashes interleavings;      // by the choices
  DistinctHashes orders;             // by what happened before what

  const Engine* engine;              // in the worker only
  std::size_t max_choices;
  std::size_t max_recorded;
  Choice* choices;                   // max_choices
  Recorded* events;                  // max_recorded

  // A copy of `text` that the watching process can read too.
  const char* intern(const char* text);
  void set_violation(const Violation& violation);
};

// Throws std::runtime_error where there is no memory.
Shared* make_shared_block(std::size_t max_steps, std::size_t max_recorded);
void free_shared_block(Shared* shared);

void copy_text(char* to, std::size_t room, std::string_view text);

}  // namespace harness
