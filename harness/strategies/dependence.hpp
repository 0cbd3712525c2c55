// Which events commute. Two events of different tasks are independent if, done one right after the
// other, they lead to the same state in either order, and neither makes the other possible or
// impossible. Dependence is what partial order sampling draws anew for and what partial-order
// reduction may not swap, so that in doubt it is true. It holds for events that are pending and for
// those that have been executed; of the latter more is known (`failed`, the address of a mapping),
// and so fewer are dependent.
//
//   memory    load, read-point and futex-wait read; store, rmw, cas, write-point write; a cas that
//             failed read only. Overlapping ranges, one of them written.
//   objects   locks, conditions, futex queues, once, guards, semaphores, barriers, by address: all
//             conflict on the same object, except that shared locking and unlocking commute, failed
//             attempts do, and posts to a semaphore do. A wait also gives up its mutex, named by
//             `value`; where it is not, it conflicts with every lock.
//   mappings  discard and protect conflict with all that touches their pages; so do map and unmap.
//             These and protect conflict with each other wherever they are: they share the list of
//             addresses to hand out, and how much is accessible at a time is told by their order.
//             A map that has no address yet (pending, object 0) may take any.
//   tasks     spawn, join and the task concerned; a join of no_task waits for all. Spawns conflict
//             with each other: they number the tasks.
//   signals   conflict with all that their receiver does.
//   files     all calls on descriptors conflict: two ends of a pipe have different numbers.
//   time      clock conflicts with clock, sleep and time-outs. The latter only say how late it is
//             at least, and commute.
//
// All else commutes: points, function boundaries, yields, and fences, since memory is sequentially
// consistent. Not seen here, since they are no events: reading the clock in the midst of a step,
// the end of an initialisation, creation by Execution::join().
#pragma once

#include "harness/engine/event.hpp"

namespace harness {

// A timed wait that is over without what it waited for.
constexpr bool is_time_out(const Event& event) {
  return event.alternative == 1 &&
         (event.op == Op::wake || event.op == Op::lock || event.op == Op::lock_shared ||
          event.op == Op::semaphore_wait || event.op == Op::join || event.op == Op::signal ||
          event.op == Op::descriptor);
}

namespace dependence {

// `add` counts up or down: such events commute with each other, but not with those that look.
enum class Effect : std::uint8_t { none, read, add, write };

constexpr bool conflict(Effect a, Effect b) {
  return a != Effect::none && b != Effect::none && (a != b || a == Effect::write);
}

constexpr Effect on_memory(const Event& event) {
  switch (event.op) {
    case Op::load:
    case Op::read_point:
    case Op::futex_wait:
      return Effect::read;
    case Op::cas:
      return event.failed ? Effect::read : Effect::write;
    case Op::store:
    case Op::rmw:
    case Op::write_point:
      return Effect::write;
    default:
      return Effect::none;
  }
}

// Touches memory, and nothing else. Neighbours in Op, so that it is two comparisons.
constexpr bool is_access(Op op) {
  return op >= Op::load && op <= Op::write_point && op != Op::fence;
}
static_assert(is_access(Op::store) && is_access(Op::rmw) && is_access(Op::cas) &&
              is_access(Op::read_point) &&
              static_cast<int>(Op::write_point) - static_cast<int>(Op::load) == 6);

constexpr Effect on_object(const Event& event) {
  switch (event.op) {
    case Op::lock_shared:
    case Op::try_lock_shared:
    case Op::unlock_shared:
      if (is_time_out(event)) return Effect::write;
      return event.failed ? Effect::read : Effect::add;
    case Op::semaphore_post:
      return Effect::add;
    case Op::futex_wait:  // it did not join the queue
      return event.failed ? Effect::none : Effect::write;
    case Op::lock:
    case Op::try_lock:
    case Op::unlock:
    case Op::semaphore_wait:
      return event.failed ? Effect::read : Effect::write;
    case Op::wait:
    case Op::wake:
    case Op::notify:
    case Op::futex_wake:
    case Op::once:
    case Op::guard:
    case Op::barrier:
      return Effect::write;
    default:
      return Effect::none;
  }
}

constexpr bool is_mapping(Op op) {
  return op == Op::map || op == Op::unmap || op == Op::discard || op == Op::protect;
}

constexpr bool is_lock(Op op) {
  return op == Op::lock || op == Op::try_lock || op == Op::unlock || op == Op::lock_shared ||
         op == Op::try_lock_shared || op == Op::unlock_shared;
}

// The bytes that an event touches: at least one; a futex word has four, though a pending wait does
// not say so; a mapping consists of whole pages. first > last: none.
struct Range {
  std::uintptr_t first = 1;
  std::uintptr_t last = 0;
};
constexpr Range range_of(const Event& event) {
  constexpr std::uint64_t page_bytes = 4096;
  std::uint64_t bytes = event.bytes;
  if (event.op == Op::futex_wait) bytes = 4;
  if (bytes == 0) bytes = 1;
  const std::uintptr_t room = ~std::uintptr_t{0} - event.object;
  std::uintptr_t last = event.object + (bytes - 1 < room ? bytes - 1 : room);
  if (is_mapping(event.op)) last |= page_bytes - 1;
  return {event.object, last};
}

constexpr bool overlap(const Event& a, const Event& b) {
  const Range of_a = range_of(a), of_b = range_of(b);
  return of_a.first <= of_b.last && of_b.first <= of_a.last;
}

constexpr bool touches_memory(const Event& event) {
  return on_memory(event) != Effect::none || on_object(event) != Effect::none ||
         is_mapping(event.op);
}

// `a` is a mapping.
constexpr bool mapping_conflicts(const Event& a, const Event& b) {
  if (a.failed || (is_mapping(b.op) && b.failed) || !touches_memory(b)) return false;
  const auto counts = [](Op op) { return op != Op::discard && is_mapping(op); };
  const auto anywhere = [](const Event& e) { return e.op == Op::map && e.object == 0; };
  return (counts(a.op) && counts(b.op)) || anywhere(a) || anywhere(b) || overlap(a, b);
}

// `a` waits on a condition.
constexpr bool gives_up_mutex_of(const Event& a, const Event& b) {
  const bool named = a.value != 0;
  if (b.op == Op::wait && named && b.value != 0) return a.value == b.value;
  return (is_lock(b.op) || b.op == Op::wait) && (!named || b.op == Op::wait || a.value == b.object);
}

constexpr bool concerns_task(const Event& a, const Event& b) {
  if (a.op == Op::signal) return a.value == b.task;
  if (a.op == Op::descriptor) return b.op == Op::descriptor;
  if (a.op == Op::spawn) return b.op == Op::spawn || a.value == b.task;
  return a.op == Op::join && (a.value == no_task || a.value == b.task);
}

constexpr bool moves_clock(const Event& event) {
  return event.op == Op::clock || event.op == Op::sleep || is_time_out(event);
}

}  // namespace dependence

constexpr bool dependent(const Event& a, const Event& b) {
  using namespace dependence;
  if (a.task == b.task) return true;
  if (is_access(a.op) && is_access(b.op))  // most are
    return (on_memory(a) == Effect::write || on_memory(b) == Effect::write) && overlap(a, b);
  if (conflict(on_memory(a), on_memory(b)) && overlap(a, b)) return true;
  if (a.object == b.object && conflict(on_object(a), on_object(b))) return true;
  if (is_mapping(a.op) && mapping_conflicts(a, b)) return true;
  if (is_mapping(b.op) && mapping_conflicts(b, a)) return true;
  if (a.op == Op::wait && gives_up_mutex_of(a, b)) return true;
  if (b.op == Op::wait && gives_up_mutex_of(b, a)) return true;
  if (concerns_task(a, b) || concerns_task(b, a)) return true;
  return (a.op == Op::clock && moves_clock(b)) || (b.op == Op::clock && moves_clock(a));
}

}  // namespace harness
