// What may end the waiting of a task from outside, and waiting for the end of a task.
#include <cerrno>

#include "harness/engine/sync_parts.hpp"

namespace harness {

bool Engine::wait_interruptibly(WaitList& list, const Event& event, std::uint64_t deadline_ns,
                                WaitsFor what) {
  const InterruptibleWait interruptible(*current_, Interruptible::at_once);
  return sleep_in(list, event, deadline_ns, what);
}

void interrupt(Engine& engine, Task& task) {
  if (task.spin.asleep) return engine.wake_spinner(task);
  if (task.interruptible == Interruptible::no) return;
  task.interrupted = true;
  if (task.list == nullptr) return;  // about to wait: it will look
  if (task.interruptible == Interruptible::with_mutex)
    notify_waiter(engine, task);
  else
    engine.wake(task);
}

int join(Engine& engine, Task& task, std::uint64_t deadline_ns, std::uintptr_t where) {
  Event event = event_at(Op::join, nullptr, where);
  event.value = task.id;
  Task& me = engine.current();
  const InterruptibleWait interruptible(me, Interruptible::at_once);
  if (deadline_ns != no_deadline) {
    Event tries = event;
    tries.bytes = only_tries;
    engine.reach(tries);
    while (!task.done && !me.interrupted) {
      engine.executing().failed = true;
      engine.executed();
      if (engine.sleep_in(task.joiners, event, deadline_ns, WaitsFor::join)) return ETIMEDOUT;
    }
  } else {
    engine.reach_when(task.joiners, task.done, event, WaitsFor::join);
  }
  if (!task.done) return give_up(engine, EINTR);
  me.interrupted = false;
  engine.executed();
  return 0;
}

}  // namespace harness
