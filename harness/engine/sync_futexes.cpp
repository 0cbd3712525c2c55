// Futexes, by word.
#include <cerrno>

#include "harness/engine/sync_parts.hpp"

namespace harness {

int futex_wait(Engine& engine, const std::uint32_t* word, std::uint32_t expected,
               std::uint32_t mask, std::uint64_t deadline_ns, std::uintptr_t where) {
  Object& object = engine.object(word);
  Task& me = engine.current();
  const InterruptibleWait interruptible(me, Interruptible::at_once);
  Event& event = engine.reach(event_at(Op::futex_wait, word, where));
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
  engine.reach(event_at(Op::futex_wake, word, where));
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
  engine.reach(event_at(Op::futex_wake, from, where));
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

}  // namespace harness
