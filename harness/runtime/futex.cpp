// syscall(): the futex operations that libstdc++'s atomic waits, semaphores and static locals are built on, and
// those of the program itself. Everything else is forwarded.
#include <linux/futex.h>
#include <sys/syscall.h>

#include <cerrno>

#include "harness/engine/raw_syscall.hpp"
#include "harness/engine/sync.hpp"
#include "harness/runtime/caller.hpp"
#include "harness/runtime/clock.hpp"

namespace harness {
namespace {

struct Arguments {
  long at[6];
};

// The system call itself, with errno as libc sets it.
long raw(long number, const Arguments& a) {
  const long result =
      raw_syscall(number, a.at[0], a.at[1], a.at[2], a.at[3], a.at[4], a.at[5]);
  if (result >= 0 || result < -4095) return result;
  errno = static_cast<int>(-result);
  return -1;
}

// FUTEX_WAIT's time is a length, FUTEX_WAIT_BITSET's a point on a clock.
std::uint64_t deadline(const timespec* time, bool relative, bool realtime, std::uint64_t now_ns) {
  if (time == nullptr) return no_deadline;
  if (relative) return std::max<std::uint64_t>(1, now_ns + to_ns(*time));
  return deadline_of(*time, realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC);
}

// -errno or the result. -ENOSYS: not modelled.
long futex(Engine& engine, const Arguments& a, std::uintptr_t where) {
  auto* const word = reinterpret_cast<std::uint32_t*>(a.at[0]);
  const int operation = static_cast<int>(a.at[1]);
  const int command = operation & FUTEX_CMD_MASK;
  const auto value = static_cast<std::uint32_t>(a.at[2]);
  const auto* const time = reinterpret_cast<const timespec*>(a.at[3]);
  const bool bits = command == FUTEX_WAIT_BITSET || command == FUTEX_WAKE_BITSET;
  const std::uint32_t mask = bits ? static_cast<std::uint32_t>(a.at[5]) : FUTEX_BITSET_MATCH_ANY;
  switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: {
      if (time != nullptr && !is_valid(*time)) return -EINVAL;
      const bool realtime = (operation & FUTEX_CLOCK_REALTIME) != 0;
      return futex_wait(engine, word, value, mask,
                        deadline(time, command == FUTEX_WAIT, realtime, engine.now_ns()), where);
    }
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
      return futex_wake(engine, word, static_cast<int>(value), mask, where);
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
      return futex_requeue(engine, word, static_cast<int>(value), static_cast<int>(a.at[3]),
                           reinterpret_cast<const std::uint32_t*>(a.at[4]),
                           command == FUTEX_CMP_REQUEUE ? word : nullptr,
                           static_cast<std::uint32_t>(a.at[5]), where);
    default:
      engine.note_uncontrolled("futex operations other than wait, wake and requeue");
      return -ENOSYS;
  }
}

}  // namespace
}  // namespace harness

// Declared without the dots of unistd.h: the caller passes all six in registers.
HARNESS_EXPORT long harness_syscall(long number, long a, long b, long c, long d, long e, long f) __asm__("syscall");
long harness_syscall(long number, long a, long b, long c, long d, long e, long f) {
  const harness::Arguments arguments{{a, b, c, d, e, f}};
  if (harness::active == nullptr || number != SYS_futex) return harness::raw(number, arguments);
  const harness::Entered entered;
  const long result = harness::futex(*entered, arguments, HARNESS_CALLER);
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}
