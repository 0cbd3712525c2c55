#include "harness/engine/sync.hpp"

#include <algorithm>
#include <cerrno>

namespace harness {
namespace {

Event event_at(Op op, const void* object, std::uintptr_t where) {
  return Event{.op = op, .object = reinterpret_cast<std::uintptr_t>(object), .where = where};
}

bool is_free(const Object& object) { return object.owner == no_task && object.readers == 0; }

void take(Engine& engine, Object& object) {
  object.owner = engine.current().id;
  object.depth = 1;
  engine.races().acquire(object.clock);
  engine.races().acquire(object.shared_clock);
  engine.disable(object.waiters);
  engine.disable(object.shared_waiters);
}

void free_exclusive(Engine& engine, Object& object) {
  engine.races().release(object.clock);
  object.owner = no_task;
  object.depth = 0;
  engine.enable(object.waiters);
  engine.enable(object.shared_waiters);
}

void take_shared(Engine& engine, Object& object) {
  ++object.readers;
  engine.races().acquire(object.clock);
  engine.current().shared.push_back(&object);
  engine.disable(object.waiters);
}

void free_shared(Engine& engine, Object& object) {
  engine.races().release_join(object.shared_clock);
  auto& held = engine.current().shared;
  const auto mine = std::find(held.rbegin(), held.rend(), &object);
  if (mine != held.rend()) held.erase(std::next(mine).base());
  if (--object.readers == 0) engine.enable(object.waiters);
}

// To be notified is no step of the waiter's own: what it will do next is to take the mutex again.
void notify_waiter(Engine& engine, Task& task) {
  task.interruptible = Interruptible::no;
  Object& mutex = engine.object(reinterpret_cast<const void*>(task.pending.value));
  engine.move(task, mutex.waiters, is_free(mutex),
              Event{.op = Op::lock, .object = mutex.address, .where = task.pending.where}, WaitsFor::lock);
}

// One more scheduling point that always happens.
Event& step(Engine& engine, Op op, const void* object, std::uintptr_t where) {
  return engine.reach(event_at(op, object, where));
}

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

// Does this wait end by itself? Once for each task, or a loop around it would never end; whether it does is
// a choice, and when is as good as open: it has to take the mutex again, or to return.
bool wakes_spuriously(Engine& engine, const Event& wake) {
  Task& me = engine.current();
  if (!engine.settings().spurious_wakeups || me.woken_spuriously) return false;
  me.woken_spuriously = engine.choose(wake, 2) == 1;
  return me.woken_spuriously;
}

int give_up(Engine& engine, int error) {
  engine.executing().failed = true;
  engine.executed();
  return error;
}

// A timed attempt on something that is not to be had: it waits, and may time out. True: it may try again
// (it was woken); false: time is over.
bool timed_out_waiting(Engine& engine, WaitList& list, const Event& event, std::uint64_t deadline_ns) {
  return engine.sleep_in(list, event, deadline_ns, WaitsFor::lock);
}

}  // namespace

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

// ---------------------------------------------------------------------------------------------------------
// Mutexes, and the exclusive side of reader-writer locks

int lock(Engine& engine, const void* mutex, MutexKind kind, std::uint64_t deadline_ns,
         std::uintptr_t where) {
  Object& object = engine.object(mutex);
  const Event event = event_at(Op::lock, mutex, where);
  if (object.owner == engine.current().id && kind != MutexKind::normal) {
    Event& done = engine.reach(event);
    done.failed = kind == MutexKind::errorcheck;
    if (!done.failed) ++object.depth;
    engine.executed();
    return done.failed ? EDEADLK : 0;
  }
  if (deadline_ns != no_deadline) {
    engine.reach(event_at(Op::try_lock, mutex, where));
    while (!is_free(object)) {
      engine.executing().failed = true;
      engine.executed();
      if (timed_out_waiting(engine, object.waiters, event, deadline_ns)) return ETIMEDOUT;
    }
  } else {
    engine.reach_when(object.waiters, is_free(object), event, WaitsFor::lock);
  }
  take(engine, object);
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
  if (!again && !event.failed) take(engine, object);
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
  if (!event.failed && (object.depth <= 1 || kind != MutexKind::recursive))
    free_exclusive(engine, object);
  else if (!event.failed)
    --object.depth;
  const bool failed = event.failed;
  engine.changed(object.address, 1);
  engine.executed();
  return failed ? EPERM : 0;
}

// ---------------------------------------------------------------------------------------------------------
// Shared locking

int lock_shared(Engine& engine, const void* lock, std::uint64_t deadline_ns, std::uintptr_t where) {
  Object& object = engine.object(lock);
  if (object.owner == engine.current().id) return EDEADLK;
  const Event event = event_at(Op::lock_shared, lock, where);
  if (deadline_ns != no_deadline) {
    engine.reach(event_at(Op::try_lock_shared, lock, where));
    while (object.owner != no_task) {
      engine.executing().failed = true;
      engine.executed();
      if (timed_out_waiting(engine, object.shared_waiters, event, deadline_ns)) return ETIMEDOUT;
    }
  } else {
    engine.reach_when(object.shared_waiters, object.owner == no_task, event, WaitsFor::lock);
  }
  take_shared(engine, object);
  engine.changed(object.address, 1);
  engine.executed();
  return 0;
}

int try_lock_shared(Engine& engine, const void* lock, std::uintptr_t where) {
  Object& object = engine.object(lock);
  Event& event = step(engine, Op::try_lock_shared, lock, where);
  event.failed = object.owner != no_task;
  if (!event.failed) take_shared(engine, object);
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
  if (shared)
    free_shared(engine, object);
  else
    free_exclusive(engine, object);
  engine.changed(object.address, 1);
  engine.executed();
  return 0;
}

// ---------------------------------------------------------------------------------------------------------
// Conditions

int wait(Engine& engine, const void* condition, const void* mutex, MutexKind kind, std::uint64_t deadline_ns,
         std::uintptr_t where) {
  Object& object = engine.object(condition);
  Object& held = engine.object(mutex);
  Event give_up = event_at(Op::wait, condition, where);
  give_up.value = held.address;
  Task& me = engine.current();
  const InterruptibleWait interruptible(me, Interruptible::with_mutex);
  engine.reach(give_up);
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
  take(engine, held);  // notified: what it was chosen to do was to take the mutex
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

// ---------------------------------------------------------------------------------------------------------
// Semaphores and barriers

int semaphore_wait(Engine& engine, const void* semaphore, std::uint64_t deadline_ns, std::uintptr_t where) {
  Object& object = engine.object(semaphore);
  const Event event = event_at(Op::semaphore_wait, semaphore, where);
  Task& me = engine.current();
  const InterruptibleWait interruptible(me, Interruptible::at_once);
  if (deadline_ns != no_deadline) {
    Event tries = event;
    tries.bytes = only_tries;
    engine.reach(tries).before = object.count;
    while (object.count == 0 && !me.interrupted) {
      engine.executing().failed = true;
      engine.executed();
      if (timed_out_waiting(engine, object.waiters, event, deadline_ns)) return ETIMEDOUT;
    }
  } else {
    engine.reach_when(object.waiters, object.count > 0, event, WaitsFor::condition);
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
  Event& event = engine.reach(tries);
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
  Event& event = engine.reach(looks);
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
  engine.sleep_in(object.sleepers, event_at(Op::wake, barrier, where), no_deadline, WaitsFor::condition);
  engine.races().acquire(object.clock);
  engine.executed();
  return false;
}

// ---------------------------------------------------------------------------------------------------------
// Futexes

int futex_wait(Engine& engine, const std::uint32_t* word, std::uint32_t expected, std::uint32_t mask,
               std::uint64_t deadline_ns, std::uintptr_t where) {
  Object& object = engine.object(word);
  Task& me = engine.current();
  const InterruptibleWait interruptible(me, Interruptible::at_once);
  Event& event = step(engine, Op::futex_wait, word, where);
  event.bytes = sizeof *word;
  event.before = *word;
  event.value = expected;
  event.failed = *word != expected;
  const bool failed = event.failed;
  const bool interrupted = me.interrupted && !failed;
  engine.executed();
  if (failed) {
    engine.loaded(object.address, sizeof *word, *word, where);
    return -EAGAIN;
  }
  if (interrupted) return -EINTR;
  Event wake = event_at(Op::wake, word, where);
  wake.value = mask;
  if (wakes_spuriously(engine, wake)) {
    engine.executed();
    return 0;
  }
  const bool timed_out = engine.sleep_in(object.sleepers, wake, deadline_ns, WaitsFor::condition);
  engine.executed();
  return timed_out ? -ETIMEDOUT : me.interrupted ? -EINTR : 0;
}

int futex_wake(Engine& engine, const std::uint32_t* word, int count, std::uint32_t mask,
               std::uintptr_t where) {
  Object& object = engine.object(word);
  step(engine, Op::futex_wake, word, where);
  int woken = 0;
  object.sleepers.each([&](Task& task) {
    if (woken >= count || (task.pending.value & mask) == 0) return;
    engine.wake(task);
    ++woken;
  });
  engine.executed();
  return woken;
}

// A waiter keeps its time; what it will see when it wakes is the other word.
int futex_requeue(Engine& engine, const std::uint32_t* from, int wake_count, int move_count,
                  const std::uint32_t* to, const std::uint32_t* expected, std::uint32_t value,
                  std::uintptr_t where) {
  Object& source = engine.object(from);
  Object& target = engine.object(to);
  step(engine, Op::futex_wake, from, where);
  if (expected != nullptr && *expected != value) return -give_up(engine, EAGAIN);
  int handled = 0;
  source.sleepers.each([&](Task& task) {
    if (handled >= wake_count + move_count) return;
    if (handled++ < wake_count) return engine.wake(task);
    source.sleepers.remove(task);
    task.pending.object = target.address;
    target.sleepers.push(task);
  });
  engine.executed();
  return handled;
}

// ---------------------------------------------------------------------------------------------------------

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
