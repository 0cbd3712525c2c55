// Task: one thread of an execution, advanced from event to event.
#pragma once

#include <poll.h>
#include <unwind.h>

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "harness/engine/event.hpp"
#include "harness/engine/fiber.hpp"

namespace harness {

class Engine;
struct Object;
struct Task;

// A lock that a task has.
struct Held {
  Object* object;
  std::uintptr_t where;  // it was taken
  std::uint32_t step;
  bool shared;
};

// Tasks that wait for the same thing, first come first. A task is in at most one list.
class WaitList {
 public:
  void push(Task& task);
  void remove(Task& task);
  Task* front() const { return front_; }
  bool empty() const { return front_ == nullptr; }
  template <class Visit>
  void each(Visit visit) const;

 private:
  Task* front_ = nullptr;
  Task* back_ = nullptr;
};

// What a task has loaded since it last changed anything: loading it all again, with the same values, is
// spinning.
struct SpinWatch {
  struct Load {
    std::uintptr_t address;
    std::uintptr_t where;
    std::uint64_t value;
    std::uint32_t bytes;
    std::uint32_t repeats;
  };
  static constexpr std::size_t capacity = 8;
  static constexpr std::uint32_t patience = 4;       // repetitions before it is taken for spinning
  static constexpr std::uint32_t longest_try = 32;   // and how many more it may take to turn out not to be
  std::array<Load, capacity> loads;
  std::uint32_t count = 0;
  bool asleep = false;

  void progress() { count = 0; }
};

// Also the `value` of a `stuck` event.
enum class WaitsFor : std::uint8_t { nothing, lock, condition, join, change, descriptor };

// May a signal or a cancellation end what the task waits for? Who waits on a condition takes the mutex first.
enum class Interruptible : std::uint8_t { no, at_once, with_mutex };

// What is set anew for every execution.
struct TaskState {
  Engine* engine = nullptr;
  TaskId id = no_task;
  Fiber* fiber = nullptr;
  std::uint32_t entry = 0;         // the first of its entries in the ready list, while it has one
  Event pending;                   // what it would do, while it is not in the ready list
  std::uint16_t alternative = 0;   // of the choice that made it run
  bool fresh = true;               // has not reached its first scheduling point
  bool done = false;
  bool joined = false;
  bool detached = false;
  bool timed_out_last = false;     // its last step was a time-out, and nobody else has run since
  WaitsFor waits_for = WaitsFor::nothing;
  enum class Reuse : std::uint8_t { undecided, yes, no };
  Reuse reuse = Reuse::undecided;  // of heap blocks that were freed, see Engine::choose_address()
  bool woken_spuriously = false;   // once is enough: loops around waits would never end
  Interruptible interruptible = Interruptible::no;
  bool interrupted = false;        // a signal or a cancellation ended its last interruptible call
  bool cancel_requested = false;
  bool cancel_disabled = false;
  bool cancel_asynchronous = false;
  std::uint32_t signal_clock = 0;     // see Races: what a handler knows of who sent its signal
  std::uint64_t signals_pending = 0;  // bit n-1: signal n
  std::uint64_t signals_blocked = 0;
  std::span<pollfd> awaits;           // the descriptors it waits for
  std::uint64_t signals_awaited = 0;  // by sigwait()
  bool restores_blocked = false;      // after the next handler: sigsuspend()
  std::uint64_t signals_blocked_after_handler = 0;
  std::uint64_t deadline_ns = 0;   // of a timed wait
  Task* creator = nullptr;         // where to go back to, while fresh
  std::uint64_t created_at = 0;    // see Engine::time()
  std::uint64_t joined_at = 0;
  TaskId joined_by = no_task;
  Task* next = nullptr;            // in its wait list
  Task* previous = nullptr;
  WaitList* list = nullptr;
  WaitList joiners;
  std::uintptr_t* shadow_top = nullptr;  // call stack as the instrumentation reports it
  std::uintptr_t* shadow_base = nullptr;

  // Its body: one of the two.
  std::function<void()>* body = nullptr;
  void* (*routine)(void*) = nullptr;
  void* argument = nullptr;
  void* result = nullptr;
};

struct Task : TaskState {
  // It was cancelled, and has not said that it must not be.
  bool must_end() const { return cancel_requested && !cancel_disabled; }
  bool called_away() const { return must_end() || (signals_pending & ~signals_blocked) != 0; }

  // A handler that runs, or was left by a jump: then the stack is above its frame again.
  struct Handler {
    std::uintptr_t frame;
    std::uint64_t blocked_before;
  };
  struct AtExit {
    void (*function)(void*);
    void* object;
  };
  SpinWatch spin;
  std::vector<AtExit> at_exit;     // destructors of thread_local variables
  std::vector<void*> specific;     // pthread_setspecific, by key
  std::vector<Handler> handlers;
  std::vector<Object*> robust;     // robust mutexes that it has locked, some of them unlocked since
  std::vector<Held> held;          // locks, once for each time that it holds one for reading
  _Unwind_Exception unwinding;     // while its stack is unwound by pthread_exit() or a cancellation
};

// The newest of its holds on that lock; nullptr: none.
inline Held* find_held(Task& task, const Object& object) {
  for (std::size_t i = task.held.size(); i-- > 0;)
    if (task.held[i].object == &object) return &task.held[i];
  return nullptr;
}
inline void no_longer_held(Task& task, const Object& object) {
  if (Held* const held = find_held(task, object)) task.held.erase(task.held.begin() + (held - task.held.data()));
}

inline void WaitList::push(Task& task) {
  task.list = this;
  task.next = nullptr;
  task.previous = back_;
  (back_ == nullptr ? front_ : back_->next) = &task;
  back_ = &task;
}

inline void WaitList::remove(Task& task) {
  (task.previous == nullptr ? front_ : task.previous->next) = task.next;
  (task.next == nullptr ? back_ : task.next->previous) = task.previous;
  task.next = task.previous = nullptr;
  task.list = nullptr;
}

template <class Visit>
void WaitList::each(Visit visit) const {
  for (Task* task = front_; task != nullptr;) {
    Task* const after = task->next;
    visit(*task);
    task = after;
  }
}

}  // namespace harness
