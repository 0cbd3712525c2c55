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
  std::string schedule;
  std::string shrunk;  // "" where nothing was shrunk
  std::vector<Access> accesses;
  std::optional<Region> region;
  std::string sanitizer;  // the sanitizer's own text, sanitizer builds only
  friend bool operator==(const Violation&, const Violation&) = default;
};

struct Bounds {
  std::string memory_model = "sequential consistency";
  int preemptions = -1;  // -1: unbounded
  std::uint64_t max_steps = 0;
  std::string plain_accesses = "none";  // which are scheduling points: none, racy, all
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
  std::uint64_t steps = 0;     // scheduling points of the longest execution
  bool exhaustive = false;
  Bounds bounds;
  std::optional<Violation> violation;
  std::vector<std::string> tasks;  // of the violating execution, in order of creation, main first
  std::vector<Step> trace;         // of the violating execution
  std::vector<std::string> uncontrolled;          // what was seen but not hooked
  std::map<std::string, std::uint64_t> counters;  // stress: operations, regions opened, ...
  std::vector<std::string> command;  // the program and its arguments, where it is a whole one
  std::string output;                // what it printed in the execution that is shown
  std::string reproduce;             // the one command
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// Everything that differs from run to run of the same seed lives here.
struct Environment {
  std::string host, kernel, compiler, build, started;  // started: ISO 8601, UTC
  double seconds = 0;
  std::map<std::string, double> seconds_by_verdict;  // "scenario/variant"
  std::map<std::string, double> rates;               // executions per second
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
