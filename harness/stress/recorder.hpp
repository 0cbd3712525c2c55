// Recorder: turns what the hooks tell into Events on the board, in one order, and asks the oracles
// about each of them under an invisible lock. Memory calls hold the lock from before to after the
// system call, so they are recorded in the order in which the kernel acted; observations are
// recorded inside the span in which they are true (`given` after the slice was taken, `returning`
// before it is let go). What an oracle objects to has therefore happened. An objection is written
// to the board and ends the worker.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/engine/oracle.hpp"
#include "harness/observe.hpp"
#include "harness/stress/board.hpp"
#include "harness/stress/invisible.hpp"
#include "harness/stress/ranges.hpp"

namespace harness::stress_mode {

class Recorder {
 public:
  explicit Recorder(Board& board);

  // A new execution; the calling thread is its task "main".
  void begin();
  // All tasks have ended: the oracles' last word.
  void end();
  bool active() const { return active_.load(std::memory_order_relaxed); }

  // The named task that will run on a thread of its own.
  TaskId create_task(std::string_view name);
  // The calling thread is `task` from here on.
  void start_task(TaskId task);
  void end_task();
  // The task of the calling thread; a thread that the code under test made is given a number and a
  // name.
  TaskId this_task();

  void point(const char* name, std::uintptr_t where);
  void observed(const harness_observation& observation, std::uintptr_t where);
  // Takes the lock; after_memory() lets it go.
  void before_memory(Op op, const void* address, std::size_t bytes);
  // Between the two: what the code under test has mapped.
  const Ranges& ranges() const { return ranges_; }
  void after_memory(Op op, const void* result, std::size_t bytes, int prot, bool failed,
                    std::uintptr_t where);
  // Ends the worker: an assertion, or an exception that left a task.
  [[noreturn]] void failed(const char* text, bool asserted, std::uintptr_t where);

 private:
  const Recorded& record(Event event);
  void ask(const Recorded& recorded);
  [[noreturn]] void objected(const Violation& violation, const Recorded* noticed);
  const char* interned(const char* label);

  Board& board_;
  Ranges ranges_;
  InvisibleLock lock_;
  std::atomic<bool> active_{false};
  std::vector<std::unique_ptr<Oracle>> oracles_;
  std::array<std::vector<Oracle*>, static_cast<std::size_t>(Op::count_)> watching_;
  std::atomic<std::uint64_t> execution_{0};  // tells threads of an earlier execution apart
};

// The return addresses of the calling thread from `where` outwards, by frame pointers, starting at
// `frame`; just `where` when the chain of frames does not lead there. Returns how many.
std::uint32_t take_stack(std::uintptr_t frame, std::uintptr_t where,
                         std::array<std::uintptr_t, 20>& stack);
// All return addresses from `frame` outwards.
std::uint32_t take_callers(std::uintptr_t frame, std::array<std::uintptr_t, 20>& stack);
// The limits of the calling thread's stack; 0 and 0 in a thread without task.
struct StackLimits {
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;
};
StackLimits this_stack();
// The task of the calling thread as far as it is known, without asking for a new one; no_task else.
TaskId known_task();

}  // namespace harness::stress_mode
