// What the parts of sync.hpp share. Included by them only.
#pragma once

#include "harness/engine/sync.hpp"

namespace harness {

inline Event event_at(Op op, const void* object, std::uintptr_t where) {
  return Event{.op = op, .object = reinterpret_cast<std::uintptr_t>(object), .where = where};
}

// One more scheduling point that always happens. While the task has waited for its turn, others may
// have destroyed what it is about to use.
inline Event& step(Engine& engine, const Event& event) {
  Event& now = engine.reach(event);
  check_alive(engine, reinterpret_cast<const void*>(event.object), event.where);
  return now;
}
inline Event& step(Engine& engine, Op op, const void* object, std::uintptr_t where) {
  return step(engine, event_at(op, object, where));
}

// The task that runs has been waiting for it, and could not have gone on without; or it has only
// tried.
enum class Taking : std::uint8_t { waits, tries };

inline bool is_free(const Object& object) { return object.owner == no_task && object.readers == 0; }
void take(Engine& engine, Object& object, Taking how);
void free_exclusive(Engine& engine, Object& object);

// To be notified is no step of the waiter's own: what it will do next is to take the mutex again.
void notify_waiter(Engine& engine, Task& task);

// For the length of a wait that a signal or a cancellation may end.
class InterruptibleWait {
 public:
  InterruptibleWait(Task& task, Interruptible how) : task_(task) {
    task_.interruptible = how;
    task_.interrupted = false;
  }
  ~InterruptibleWait() { task_.interruptible = Interruptible::no; }
  InterruptibleWait(const InterruptibleWait&) = delete;
  InterruptibleWait& operator=(const InterruptibleWait&) = delete;

 private:
  Task& task_;
};

// Does this wait end by itself? Once for each task, or a loop around it would never end; whether it
// does is a choice, and when is as good as open: it has to take the mutex again, or to return.
inline bool wakes_spuriously(Engine& engine, const Event& wake) {
  Task& me = engine.current();
  if (!engine.settings().spurious_wakeups || me.woken_spuriously) return false;
  me.woken_spuriously = engine.choose(wake, 2) == 1;
  return me.woken_spuriously;
}

inline int give_up(Engine& engine, int error) {
  engine.executing().failed = true;
  engine.executed();
  return error;
}

// A timed attempt on something that is not to be had: it waits, and may time out. True: time is
// over; false: it may try again (it was woken).
inline bool timed_out_waiting(Engine& engine, WaitList& list, const Event& event,
                              std::uint64_t deadline_ns) {
  return engine.sleep_in(list, event, deadline_ns, WaitsFor::lock);
}

}  // namespace harness
