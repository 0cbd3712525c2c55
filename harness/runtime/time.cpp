// Clocks and sleeps. Time is virtual: it goes on when somebody sleeps or a wait times out, and nobody ever
// waits for it.
#include <cerrno>

#include "harness/runtime/caller.hpp"
#include "harness/runtime/cancellation.hpp"
#include "harness/runtime/clock.hpp"

namespace harness {
namespace {

// Nobody's sleep takes longer than it must; it may be cancelled, and a signal's handler runs after it.
void sleep_until(std::uint64_t ns, std::uintptr_t where) {
  cancellation_point([=](Engine& engine) {
    Task& me = engine.current();
    engine.reach({.op = Op::sleep, .value = ns, .where = where});
    engine.advance_to(ns);
    engine.executed();
    me.interrupted = me.must_end();
    return 0;
  });
}

void sleep_for(std::uint64_t ns, std::uintptr_t where) { sleep_until(active->now_ns() + ns, where); }

timespec now(clockid_t clock) {
  const Entered entered;
  const std::uint64_t ns = entered->read_clock() + start_of(clock);
  return {static_cast<time_t>(ns / ns_per_s), static_cast<long>(ns % ns_per_s)};
}

}  // namespace
}  // namespace harness

using harness::active;
namespace real = harness::real;

HARNESS_EXPORT int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (active == nullptr) return real::clock_gettime(clock, time);
  *time = harness::now(clock);
  return 0;
}
HARNESS_EXPORT int gettimeofday(timeval* time, void* zone) noexcept {
  if (active == nullptr) return real::gettimeofday(time, zone);
  const timespec now = harness::now(CLOCK_REALTIME);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}
HARNESS_EXPORT int timespec_get(timespec* time, int base) noexcept {
  if (active == nullptr) return real::timespec_get(time, base);
  if (base != TIME_UTC) return 0;
  *time = harness::now(CLOCK_REALTIME);
  return base;
}
// The processor's time goes on as the other clocks do.
HARNESS_EXPORT clock_t clock() noexcept {
  if (active == nullptr) return real::clock();
  const harness::Entered entered;
  return static_cast<clock_t>(entered->read_clock() / (harness::ns_per_s / CLOCKS_PER_SEC));
}
HARNESS_EXPORT time_t time(time_t* to) noexcept {
  if (active == nullptr) return real::time(to);
  const time_t now = harness::now(CLOCK_REALTIME).tv_sec;
  if (to != nullptr) *to = now;
  return now;
}
HARNESS_EXPORT int nanosleep(const timespec* length, timespec* rest) {
  if (active == nullptr) return real::nanosleep(length, rest);
  if (length->tv_sec < 0 || !harness::is_valid(*length)) return errno = EINVAL, -1;
  harness::sleep_for(harness::to_ns(*length), HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* rest) {
  if (active == nullptr) return real::clock_nanosleep(clock, flags, time, rest);
  if (time->tv_sec < 0 || !harness::is_valid(*time)) return EINVAL;
  if ((flags & TIMER_ABSTIME) != 0)
    harness::sleep_until(harness::deadline_of(*time, clock), HARNESS_CALLER);
  else
    harness::sleep_for(harness::to_ns(*time), HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT int usleep(useconds_t us) {
  if (active == nullptr) return real::usleep(us);
  harness::sleep_for(std::uint64_t{us} * 1000, HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT unsigned sleep(unsigned seconds) {
  if (active == nullptr) return real::sleep(seconds);
  harness::sleep_for(seconds * harness::ns_per_s, HARNESS_CALLER);
  return 0;
}
HARNESS_EXPORT int sched_yield() noexcept {
  if (active == nullptr) return real::sched_yield();
  const harness::Entered entered;
  entered->reach({.op = harness::Op::yield, .where = HARNESS_CALLER});
  entered->executed();
  return 0;
}
