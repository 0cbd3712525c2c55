// Semaphores and barriers.
#include <cerrno>

#include "harness/engine/sync_parts.hpp"

namespace harness {

int semaphore_wait(Engine& engine, const void* semaphore, std::uint64_t deadline_ns,
                   std::uintptr_t where) {
  Object& object = engine.object(semaphore);
  const Event event = event_at(Op::semaphore_wait, semaphore, where);
  Task& me = engine.current();
  const InterruptibleWait interruptible(me, Interruptible::at_once);
  if (deadline_ns != no_deadline) {
    Event tries = event;
    tries.bytes = only_tries;
    step(engine, tries).before = object.count;
    while (object.count == 0 && !me.interrupted) {
      engine.executing().failed = true;
      engine.executed();
      if (timed_out_waiting(engine, object.waiters, event, deadline_ns)) return ETIMEDOUT;
    }
  } else {
    engine.reach_when(object.waiters, object.count > 0, event, WaitsFor::condition);
    check_alive(engine, semaphore, where);
  }
  if (object.count == 0) return give_up(engine, EINTR);
  me.interrupted = false;
  engine.executing().before = object.count;
  if (--object.count == 0) engine.disable(object.waiters);
  engine.races().acquire(object.clock);
  engine.changed(object.address, 1);
  engine.executed();
  return 0;
}

int semaphore_try_wait(Engine& engine, const void* semaphore, std::uintptr_t where) {
  Object& object = engine.object(semaphore);
  Event tries = event_at(Op::semaphore_wait, semaphore, where);
  tries.bytes = only_tries;
  Event& event = step(engine, tries);
  event.before = object.count;
  event.failed = object.count == 0;
  const bool failed = event.failed;
  if (!failed && --object.count == 0) engine.disable(object.waiters);
  if (!failed) engine.races().acquire(object.clock);
  engine.executed();
  if (!failed) engine.changed(object.address, 1);
  if (failed) engine.loaded(object.address, 1, 0, where);
  return failed ? EAGAIN : 0;
}

// Looking is a step as well, in the manner of an attempt that fails.
std::uint64_t semaphore_value(Engine& engine, const void* semaphore, std::uintptr_t where) {
  Object& object = engine.object(semaphore);
  Event looks = event_at(Op::semaphore_wait, semaphore, where);
  looks.bytes = only_tries;
  Event& event = step(engine, looks);
  event.failed = true;
  event.before = object.count;
  const std::uint64_t value = object.count;
  engine.executed();
  engine.loaded(object.address, 1, value, where);
  return value;
}

void semaphore_post(Engine& engine, const void* semaphore, std::uintptr_t where) {
  Object& object = engine.object(semaphore);
  step(engine, Op::semaphore_post, semaphore, where).before = object.count;
  ++object.count;
  engine.races().release_join(object.clock);
  engine.enable(object.waiters);
  engine.changed(object.address, 1);
  engine.executed();
}

bool barrier_wait(Engine& engine, const void* barrier, std::uintptr_t where) {
  Object& object = engine.object(barrier);
  step(engine, Op::barrier, barrier, where);
  const bool last = ++object.count == object.parties;
  engine.races().release_join(object.clock);
  engine.changed(object.address, 1);
  engine.executed();
  if (last) {
    object.count = 0;
    engine.races().acquire(object.clock);
    object.sleepers.each([&](Task& task) { engine.wake(task); });
    return true;
  }
  engine.sleep_in(object.sleepers, event_at(Op::wake, barrier, where), no_deadline,
                  WaitsFor::condition);
  engine.races().acquire(object.clock);
  engine.executed();
  return false;
}

}  // namespace harness
