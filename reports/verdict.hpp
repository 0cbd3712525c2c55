// Verdict: the answer for one variant of one scenario, and Report: the document that one run
// writes. Plain data with every name already resolved; the writers in this folder see nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reports {

inline constexpr int schema_version = 1;

struct Frame {
  std::string function;  // demangled; "" where unknown
  std::string file;      // relative to the source tree where possible; "" where unknown
  int line = 0;
  std::string module;  // file name of the shared object
  friend bool operator==(const Frame&, const Frame&) = default;
};

// One row of the interleaving.
struct Step {
  std::uint32_t number = 0;  // scheduling point, from 1; several rows may share one (observations)
  std::string task;
  std::string op;            // as harness::name_of(Op)
  std::string object;        // "pool.unused", "slice 0 of region 1", ...; "" where the op has none
  std::string label;         // name of a point, "" otherwise
  std::string detail;        // "16 -> 15", "1 MiB", "failed", ...
  std::vector<Frame> stack;  // innermost first
  bool guilty = false;
  friend bool operator==(const Step&, const Step&) = default;
};

struct Access {
  std::uint32_t step = 0;
  std::string task;
  std::string what;  // one clause: "unmaps region 1 (2 MiB)"
  std::vector<Frame> stack;
  friend bool operator==(const Access&, const Access&) = default;
};

struct Region {
  std::string name;  // "region 1"
  std::uint64_t bytes = 0;
  std::string mapped_by;        // task
  std::uint32_t mapped_at = 0;  // step
  std::vector<Frame> mapped_stack;
  std::string ended;  // how its memory was taken away: unmapped, discarded, protected; "" if not
  std::string unmapped_by;  // the task that did; "" where it is mapped still
  std::uint32_t unmapped_at = 0;
  std::vector<Frame> unmapped_stack;
  friend bool operator==(const Region&, const Region&) = default;
};

struct Violation {
  std::string rule;
  std::string message;
  std::uint32_t step = 0;
  std::string schedule;  // as it was found
  std::string shrunk;    // a shorter one, "" where there is none; step, accesses and trace are its
  std::vector<Access> accesses;
  std::optional<Region> region;
  std::string sanitizer;  // the sanitizer's own text, sanitizer builds only
  friend bool operator==(const Violation&, const Violation&) = default;
};

// No violation, and no reason for another outcome: what should not be left as it is, though no execution
// has come to harm by it.
struct Warning {
  std::string rule;
  std::string message;
  std::vector<Access> accesses;  // of the execution where it was seen first
  friend bool operator==(const Warning&, const Warning&) = default;
};

// The one to replay.
inline const std::string& shortest_schedule(const Violation& violation) {
  return violation.shrunk.empty() ? violation.schedule : violation.shrunk;
}

// What of a failing schedule matters. Steps are those of the verdict's trace.
struct Explanation {
  // A place where another task went on.
  struct Switch {
    std::uint32_t after = 0;    // the step
    std::string from, to;       // tasks
    std::uint32_t held_up = 0;  // the next step of `from`; 0: it came to none
    // "forced": `from` could not go on. Otherwise what comes of it if it goes on as far as it can:
    // "pass" (the switch is essential), "same" violation, "other" violation, "unknown".
    std::string without;
    friend bool operator==(const Switch&, const Switch&) = default;
  };
  struct Order {  // one step before another
    std::uint32_t first = 0;
    std::uint32_t then = 0;
    friend bool operator==(const Order&, const Order&) = default;
  };
  // An execution that is like the failing one up to a step and passes.
  struct Passing {
    std::string schedule;
    std::uint32_t parts_at = 0;  // the first step that is another one
    std::vector<Step> trace;     // from there on, the beginning of it
    friend bool operator==(const Passing&, const Passing&) = default;
  };
  std::vector<Switch> switches;
  // Whether `orders` were found: every execution that was tried and has them fails.
  bool ordered = false;
  std::vector<Order> orders;      // empty though `ordered`: it fails whatever the order
  std::uint64_t random = 0;       // executions with these orders that were drawn, ...
  std::uint64_t depth_first = 0;  // ... and searched, all failing
  int preemptions = 0;            // within this bound
  bool exhaustive = false;        // and there are no more within it
  std::optional<Passing> passing;
  std::uint64_t tried = 0;  // executions behind all this, and behind the shrinking
  friend bool operator==(const Explanation&, const Explanation&) = default;
};

// An execution, to show what was tried.
struct Example {
  std::string schedule;
  std::vector<std::string> tasks;
  std::vector<Step> trace;
  friend bool operator==(const Example&, const Example&) = default;
};

struct Bounds {
  std::string memory_model = "sequential consistency";
  int preemptions = -1;  // -1: unbounded
  std::uint64_t max_steps = 0;
  std::string plain_accesses = "none";  // which are scheduling points: none, racy, all
  bool spurious_wakeups = false;
  bool leaks = false;  // the heap was looked over at the end of every execution
  friend bool operator==(const Bounds&, const Bounds&) = default;
};

struct Verdict {
  std::string scenario;
  std::string variant;
  std::string mode;  // explore, replay, stress
  std::string strategy;
  std::uint64_t seed = 0;
  std::string outcome;   // pass, violation, inconclusive, error
  std::string reason;    // for inconclusive and error: why, a sentence; "" otherwise
  std::string expected;  // "pass" or a rule
  bool as_expected = false;
  bool freed_region_in_use = false;
  std::uint64_t executions = 0;
  std::uint64_t distinct = 0;  // distinct interleavings among them
  std::uint64_t orders = 0;    // distinct happens-before orders among them
  std::uint64_t orders_once = 0;  // of those, the ones that came up in one execution only
  std::uint64_t steps = 0;     // scheduling points of the longest execution
  bool exhaustive = false;
  Bounds bounds;
  std::optional<Violation> violation;
  std::optional<Explanation> explanation;
  std::vector<std::string> tasks;  // of the violating execution, in order of creation, main first
  std::vector<Step> trace;         // of the violating execution
  std::vector<Example> examples;   // of a pass, where they were asked for
  std::vector<Warning> warnings;
  std::vector<std::string> uncontrolled;          // what was seen but not hooked
  std::map<std::string, std::uint64_t> counters;  // stress: operations, regions opened, ...
  std::vector<std::string> command;  // the program and its arguments, where it is a whole one
  std::string output;                // what it printed in the execution that is shown
  std::string reproduce;                          // the one command
  std::vector<std::string> environment_notes;     // no part of the verdict: for Environment::notes
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// Everything that differs from run to run of the same seed lives here.
struct Environment {
  std::string host, kernel, compiler, build, started;  // started: ISO 8601, UTC
  double seconds = 0;
  std::map<std::string, double> seconds_by_verdict;  // "scenario/variant"
  std::map<std::string, double> rates;               // executions per second
  std::vector<std::string> notes;                    // what another run may do otherwise, and why
  friend bool operator==(const Environment&, const Environment&) = default;
};

struct Report {
  std::string tool_version;
  std::uint64_t seed = 0;
  std::vector<Verdict> verdicts;
  Environment environment;
  friend bool operator==(const Report&, const Report&) = default;
};

}  // namespace reports
