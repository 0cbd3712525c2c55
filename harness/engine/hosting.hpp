// A process that hosts its own exploration: that of a program run by `harness run`, or a test binary that calls
// harness::explore(). There is no plugin in it: all memory that is not the tool's is the program's, and is put
// back for every execution, or thrown away with a process for each.
#pragma once

#include <cstdint>

namespace harness {

enum class Isolation : std::uint8_t {
  automatic,  // restore where all that the program changes can be put back, fork where not
  restore,    // the same process for many executions
  fork,       // a process for each
};

// What workers leave for the process that hosts them.
struct HostNotes {
  char escaped[256];  // what an execution changed that is not put back; "" where nothing is known of
};

struct Hosting {
  bool whole_program = false;  // main() and exit() are part of the execution
  int expected_status = 0;     // of a whole program
  Isolation isolation = Isolation::restore;  // decided
  std::uintptr_t main = 0;     // its main()
  std::uintptr_t caller = 0;   // the stack from here up is the program's
  int input = -1;              // standard input of every execution, from its start; -1: empty
  int output = -1;             // a file that takes what a recorded execution prints; -1: discarded
  int private_descriptor = -1; // of the host, closed in workers
  HostNotes* notes = nullptr;  // shared with workers
};

// nullptr in the tool itself.
const Hosting* hosting();

// This process hosts an exploration for as long as the object lives. What the tool allocates meanwhile comes
// from a heap of its own.
class Hosted {
 public:
  explicit Hosted(const Hosting& what);
  ~Hosted();
  Hosted(const Hosted&) = delete;
  Hosted& operator=(const Hosted&) = delete;
};

}  // namespace harness
