// Event: what a task did, or is about to do. Plain data, the one word that the engine, the strategies,
// the oracles and the reports share. Includes nothing of the project.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace harness {

using TaskId = std::uint16_t;  // 0 is "main"; numbered in order of creation
inline constexpr TaskId no_task = 0xffff;

// Up to `unlock_shared` every op is a scheduling point: the strategy is asked before it is executed.
enum class Op : std::uint8_t {
  // threads
  start,
  end,
  spawn,
  join,
  yield,
  sleep,
  // atomics (plain accesses that were made scheduling points are read_point and write_point)
  load,
  store,
  rmw,
  cas,
  fence,
  read_point,
  write_point,
  // blocking
  lock,
  try_lock,
  unlock,
  lock_shared,
  try_lock_shared,
  unlock_shared,
  wait,     // on a condition: gives up its mutex and sleeps
  wake,     // a waiter that was notified, or whose time is over, goes on
  notify,
  futex_wait,
  futex_wake,
  once,
  guard,    // static-local initialisation
  semaphore_wait,
  semaphore_post,
  barrier,
  // memory
  map,
  unmap,
  discard,  // madvise(MADV_DONTNEED): mapped, but its content is gone
  protect,
  allocate,  // on the heap: at an address that was freed before (alternative 0), or a fresh one
  // other
  point,
  enter,    // function boundaries, only where a schedule names one
  leave,
  clock,
  signal,      // a signal or a cancellation (before: 0) for the task in `value`
  descriptor,  // a call on file descriptors; object: the first of them
  // From here on: not scheduling points, seen by the oracles only.
  asked,
  given,
  returning,
  returned,
  closed,
  budget,
  counted,
  lost,
  violated,
  read,     // plain accesses, to memory that is not plainly accessible
  write,
  destroy,  // of a lock, condition, semaphore or barrier
  stuck,    // nothing can run: one for each task that has not ended, with what it waits for
  aborted,  // assert() failed; label: its text
  crashed,  // a signal, exit() or std::terminate; label: what
  count_
};

constexpr bool is_scheduling_point(Op op) { return op < Op::asked; }
constexpr bool is_atomic(Op op) { return op >= Op::load && op <= Op::cas; }
std::string_view name_of(Op op);

// A set of ops, for subscriptions.
class Ops {
 public:
  constexpr Ops() = default;
  template <class... T>
  constexpr explicit Ops(T... ops) : bits_(((std::uint64_t{1} << static_cast<int>(ops)) | ... | 0)) {}
  friend constexpr Ops operator|(Ops left, Ops right) {
    left.bits_ |= right.bits_;
    return left;
  }
  constexpr bool has(Op op) const { return (bits_ >> static_cast<int>(op)) & 1; }

 private:
  std::uint64_t bits_ = 0;
};
static_assert(static_cast<int>(Op::count_) <= 64);

struct Event {
  std::uint32_t step = 0;  // number of scheduling points executed so far, this one included
  TaskId task = no_task;
  Op op = Op::start;
  std::uint8_t order = 0;           // memory order, as in __ATOMIC_*
  std::uint32_t alternative = 0;    // which of several outcomes this is (see Ready)
  bool failed = false;              // a cas or try_lock that did not succeed, a call that returned an error
  std::uintptr_t object = 0;        // what it acts on
  std::uint64_t bytes = 0;          // size of it; semaphore_wait, join: 1 where it only tries
  std::uint64_t before = 0;         // value read (of a pending cas: the one it wants); for `counted`/`lost`: the expected value
  std::uint64_t value = 0;          // value written; for map/protect: the PROT_ bits; join/spawn: the other task
  const char* label = nullptr;      // static storage, or interned by the engine
  std::uintptr_t where = 0;         // return address in the code under test
};

// Copies an event that was made just now. Field by field, and kept so by the barriers: one wide load across
// narrow stores that are still under way waits for them, which was a tenth of the engine's time.
[[gnu::always_inline]] inline void copy_by_field(Event& to, const Event& from) {
  const auto field = [](auto& target, auto value) {
    target = value;
    __asm__ volatile("" ::: "memory");
  };
  field(to.step, from.step);
  field(to.task, from.task);
  field(to.op, from.op);
  field(to.order, from.order);
  field(to.alternative, from.alternative);
  field(to.failed, from.failed);
  field(to.object, from.object);
  field(to.bytes, from.bytes);
  field(to.before, from.before);
  field(to.value, from.value);
  field(to.label, from.label);
  field(to.where, from.where);
}

// A task that can run now, with the event it would execute. A task with several possible outcomes
// (wake by notify or by time-out, a mapping at a fresh or at a used address) appears once for each,
// numbered by event.alternative; 0 is what a machine would do most often.
struct Ready {
  TaskId task = no_task;
  Event event;
};

}  // namespace harness
