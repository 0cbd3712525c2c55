// Waiting on conditions, and notifying who waits.
#include <cerrno>

#include "harness/engine/sync_parts.hpp"

namespace harness {

void notify_waiter(Engine& engine, Task& task) {
  task.interruptible = Interruptible::no;
  Object& mutex = engine.object(reinterpret_cast<const void*>(task.pending.value));
  engine.move(task, mutex.waiters, is_free(mutex),
              Event{.op = Op::lock, .object = mutex.address, .where = task.pending.where},
              WaitsFor::lock);
}

int wait(Engine& engine, const void* condition, const void* mutex, MutexKind kind,
         std::uint64_t deadline_ns, std::uintptr_t where) {
  Object& object = engine.object(condition);
  Object& held = engine.object(mutex);
  Event give_up = event_at(Op::wait, condition, where);
  give_up.value = held.address;
  Task& me = engine.current();
  const InterruptibleWait interruptible(me, Interruptible::with_mutex);
  step(engine, give_up);
  check_alive(engine, mutex, where);
  if (held.owner != engine.current().id && kind != MutexKind::normal) {
    engine.executed();
    return EPERM;
  }
  if (me.interrupted) {
    engine.executed();
    return 0;
  }
  Event wake = event_at(Op::wake, condition, where);
  wake.value = held.address;
  if (held.owner != me.id) [[unlikely]]
    engine.unlocked_by_stranger(held, where);
  const std::uint32_t depth = held.depth;
  free_exclusive(engine, held);
  engine.changed(held.address, 1);
  engine.executed();
  if (wakes_spuriously(engine, wake)) {
    engine.executed();
    lock(engine, mutex, MutexKind::normal, no_deadline, where);
    held.depth = depth;
    return 0;
  }
  if (engine.sleep_in(object.sleepers, wake, deadline_ns, WaitsFor::condition)) {
    engine.executed();
    lock(engine, mutex, MutexKind::normal, no_deadline, where);
    held.depth = depth;
    return ETIMEDOUT;
  }
  check_alive(engine, mutex, where);
  take(engine, held, Taking::waits);  // notified: what it was chosen to do was to take the mutex
  held.depth = depth;
  engine.changed(held.address, 1);
  engine.executed();
  return 0;
}

// Which of several waiters a notify_one() wakes is the system's choice, and so the strategy's.
void notify(Engine& engine, const void* condition, bool all, std::uintptr_t where) {
  Object& object = engine.object(condition);
  Event& event = step(engine, Op::notify, condition, where);
  event.value = all ? 1 : 0;
  engine.changed(object.address, 1);
  engine.executed();
  if (all) {
    object.sleepers.each([&](Task& task) { notify_waiter(engine, task); });
    return;
  }
  std::uint16_t waiting = 0;
  object.sleepers.each([&](Task&) { ++waiting; });
  if (waiting == 0) return;
  std::uint16_t chosen = engine.choose(event_at(Op::notify, condition, where), waiting);
  if (waiting > 1) engine.executed();
  Task* woken = object.sleepers.front();
  while (chosen-- > 0) woken = woken->next;
  notify_waiter(engine, *woken);
}

}  // namespace harness
