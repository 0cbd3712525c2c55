// What the sanitizer of this build needs to be told, and tells. One of sanitizer_none.cpp,
// sanitizer_thread.cpp and sanitizer_address.cpp is linked; all three offer the same.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/engine/event.hpp"
#include "harness/stress/board.hpp"

namespace harness::stress_mode {

// While one of these lives, the calling thread's accesses and heap calls are the tool's own: the
// sanitizer does not look at them.
class Unseen {
 public:
  Unseen();
  ~Unseen();
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
};

// In the worker, before its first execution: reports go to the board, their text to `text_file`
// too.
void watch_sanitizer(Board& board, int text_file);

// [low, high) is about to be taken away by `op`, called at `where`: an access to it that is not
// ordered before is a race. Not called within Unseen.
void taking_away(Op op, std::uintptr_t low, std::uintptr_t high, std::uintptr_t where);
// The range is inaccessible from here on, or accessible again.
void taken_away(std::uintptr_t low, std::uintptr_t high);
void given_anew(std::uintptr_t low, std::uintptr_t high);

// In the worker, before its first execution: memory calls of the sanitizer's own libraries (they
// read debug information for a report) are not the program's.
void find_sanitizer_libraries();
// Outside the tool's own interception (sanitizer builds): keep the addresses of unmapped ranges
// reserved, so that a late access meets nobody else's memory; and give them back when the execution
// is over.
void keep_unmapped(bool keep);
bool keeps(std::uintptr_t low);  // of the range that was unmapped there
void drop_unmapped();

}  // namespace harness::stress_mode
