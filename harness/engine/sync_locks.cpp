// Mutexes, and both sides of reader-writer locks.
#include <algorithm>
#include <cerrno>

#include "harness/engine/sync_parts.hpp"

namespace harness {
namespace {

void hold(Engine& engine, Object& object, bool shared, Taking how) {
  Task& me = engine.current();
  const Event& now = engine.executing();
  const Held held{&object, now.where, now.step, shared};
  if (!me.held.empty() && how == Taking::waits) [[unlikely]]
    engine.lock_order().took(engine, held);
  me.held.push_back(held);
}

void take_shared(Engine& engine, Object& object, Taking how) {
  ++object.readers;
  engine.races().acquire(object.clock);
  hold(engine, object, true, how);
  engine.disable(object.waiters);
}

void free_shared(Engine& engine, Object& object) {
  engine.races().release_join(object.shared_clock);
  no_longer_held(engine.current(), object);
  if (--object.readers == 0) engine.enable(object.waiters);
}

bool admits_readers(const Object& object) {
  return object.owner == no_task && object.writers_waiting == 0;
}

// For as long as it waits: where the lock prefers writers, readers do not get in meanwhile.
class WaitingWriter {
 public:
  WaitingWriter(Engine& engine, Object& object) : engine_(engine), object_(object) {
    if (!object_.prefers_writers) return;
    ++object_.writers_waiting;
    engine_.disable(object_.shared_waiters);
  }
  ~WaitingWriter() {
    if (!object_.prefers_writers) return;
    --object_.writers_waiting;
    if (admits_readers(object_)) engine_.enable(object_.shared_waiters);
  }
  WaitingWriter(const WaitingWriter&) = delete;
  WaitingWriter& operator=(const WaitingWriter&) = delete;

 private:
  Engine& engine_;
  Object& object_;
};

// That it begins to wait is a step of its own, because it may time out or keep readers away.
int wait_until_free(Engine& engine, Object& object, const Event& event, std::uint64_t deadline_ns) {
  Event tries = event;
  tries.op = Op::try_lock;
  step(engine, tries);
  if (is_free(object)) return 0;
  const WaitingWriter waiting(engine, object);
  do {
    engine.executing().failed = true;
    engine.executed();
    if (deadline_ns == no_deadline) {
      engine.reach_when(object.waiters, false, event, WaitsFor::lock);
      check_alive(engine, reinterpret_cast<const void*>(event.object), event.where);
    } else if (timed_out_waiting(engine, object.waiters, event, deadline_ns)) {
      return ETIMEDOUT;
    }
  } while (!is_free(object));
  return 0;
}

}  // namespace

void take(Engine& engine, Object& object, Taking how) {
  object.owner = engine.current().id;
  object.depth = 1;
  hold(engine, object, false, how);
  engine.races().acquire(object.clock);
  engine.races().acquire(object.shared_clock);
  engine.disable(object.waiters);
  engine.disable(object.shared_waiters);
}

void free_exclusive(Engine& engine, Object& object) {
  engine.races().release(object.clock);
  if (object.owner != no_task) no_longer_held(engine.task(object.owner), object);
  object.owner = no_task;
  object.depth = 0;
  engine.enable(object.waiters);
  if (object.writers_waiting == 0) engine.enable(object.shared_waiters);
}

void forget_lock(Engine& engine, const void* lock) {
  Object* const known = engine.find_object(lock);
  if (known == nullptr) return;
  for (TaskId task = 0; task < engine.task_count(); ++task)
    std::erase_if(engine.task(task).held, [=](const Held& held) { return held.object == known; });
  known->owner = no_task;
  known->depth = known->readers = known->writers_waiting = 0;
}

int lock(Engine& engine, const void* mutex, MutexKind kind, std::uint64_t deadline_ns,
         std::uintptr_t where) {
  Object& object = engine.object(mutex);
  const Event event = event_at(Op::lock, mutex, where);
  if (object.owner == engine.current().id && kind != MutexKind::normal) {
    Event& done = step(engine, event);
    done.failed = kind == MutexKind::errorcheck;
    if (!done.failed) ++object.depth;
    engine.executed();
    return done.failed ? EDEADLK : 0;
  }
  if (deadline_ns != no_deadline || object.prefers_writers) {
    const int error = wait_until_free(engine, object, event, deadline_ns);
    if (error != 0) return error;
  } else {
    engine.reach_when(object.waiters, is_free(object), event, WaitsFor::lock);
    check_alive(engine, mutex, where);
  }
  take(engine, object, deadline_ns == no_deadline ? Taking::waits : Taking::tries);
  engine.changed(object.address, 1);
  engine.executed();
  return 0;
}

int try_lock(Engine& engine, const void* mutex, MutexKind kind, std::uintptr_t where) {
  Object& object = engine.object(mutex);
  Event& event = step(engine, Op::try_lock, mutex, where);
  const bool again = object.owner == engine.current().id && kind == MutexKind::recursive;
  event.failed = !again && !is_free(object);
  if (again) ++object.depth;
  if (!again && !event.failed) take(engine, object, Taking::tries);
  const bool failed = event.failed;
  engine.executed();
  if (!failed) {
    engine.changed(object.address, 1);
    return 0;
  }
  engine.loaded(object.address, 1, 0, where);
  return EBUSY;
}

int unlock(Engine& engine, const void* mutex, MutexKind kind, std::uintptr_t where) {
  Object& object = engine.object(mutex);
  Event& event = step(engine, Op::unlock, mutex, where);
  const bool mine = object.owner == engine.current().id;
  event.failed = !mine && kind != MutexKind::normal;
  if (!mine && !event.failed) [[unlikely]]
    engine.unlocked_by_stranger(object, where);
  if (!event.failed && (object.depth <= 1 || kind != MutexKind::recursive))
    free_exclusive(engine, object);
  else if (!event.failed)
    --object.depth;
  const bool failed = event.failed;
  engine.changed(object.address, 1);
  engine.executed();
  return failed ? EPERM : 0;
}

int lock_shared(Engine& engine, const void* lock, std::uint64_t deadline_ns, std::uintptr_t where) {
  Object& object = engine.object(lock);
  if (object.owner == engine.current().id) return EDEADLK;
  const Event event = event_at(Op::lock_shared, lock, where);
  if (deadline_ns != no_deadline) {
    step(engine, Op::try_lock_shared, lock, where);
    while (!admits_readers(object)) {
      engine.executing().failed = true;
      engine.executed();
      if (timed_out_waiting(engine, object.shared_waiters, event, deadline_ns)) return ETIMEDOUT;
    }
  } else {
    engine.reach_when(object.shared_waiters, admits_readers(object), event, WaitsFor::lock);
    check_alive(engine, lock, where);
  }
  take_shared(engine, object, deadline_ns == no_deadline ? Taking::waits : Taking::tries);
  engine.changed(object.address, 1);
  engine.executed();
  return 0;
}

int try_lock_shared(Engine& engine, const void* lock, std::uintptr_t where) {
  Object& object = engine.object(lock);
  Event& event = step(engine, Op::try_lock_shared, lock, where);
  event.failed = !admits_readers(object);
  if (!event.failed) take_shared(engine, object, Taking::tries);
  const bool failed = event.failed;
  engine.executed();
  if (!failed) engine.changed(object.address, 1);
  if (failed) engine.loaded(object.address, 1, 0, where);
  return failed ? EBUSY : 0;
}

int unlock_any(Engine& engine, const void* lock, std::uintptr_t where) {
  Object& object = engine.object(lock);
  const bool shared = object.readers > 0;
  step(engine, shared ? Op::unlock_shared : Op::unlock, lock, where);
  if (find_held(engine.current(), object) == nullptr) engine.unlocked_by_stranger(object, where);
  if (shared)
    free_shared(engine, object);
  else
    free_exclusive(engine, object);
  engine.changed(object.address, 1);
  engine.executed();
  return 0;
}

}  // namespace harness
