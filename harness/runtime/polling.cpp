// poll(), select() and epoll: waiting for several descriptors at once, or just sleeping; and timerfd.
#include <algorithm>
#include <array>

#include "harness/engine/signals.hpp"
#include "harness/runtime/clock.hpp"
#include "harness/runtime/descriptors.hpp"

namespace harness {
namespace {

// How long a call may wait.
struct Patience {
  bool for_ever = false;
  std::uint64_t ns = 0;

  static Patience of_ms(int ms) {
    return {ms < 0, static_cast<std::uint64_t>(std::max(ms, 0)) * 1'000'000};
  }
  static Patience of(const timespec* time) {
    return {time == nullptr, time == nullptr ? 0 : to_ns(*time)};
  }
};

// The signals that are blocked as long as this is there; where one has come, until its handler has run.
class BlockedMeanwhile {
 public:
  BlockedMeanwhile(Engine& engine, const sigset_t* blocked)
      : engine_(engine), replaces_(blocked != nullptr), before_(engine.current().signals_blocked) {
    if (replaces_) engine.current().signals_blocked = bits_of(*blocked);
  }
  ~BlockedMeanwhile() {
    if (!replaces_) return;
    Task& me = engine_.current();
    if ((me.signals_pending & ~me.signals_blocked) == 0) {
      me.signals_blocked = before_;
      return;
    }
    me.signals_blocked_after_handler = before_;
    me.restores_blocked = true;
    engine_.expect_handlers();
  }
  BlockedMeanwhile(const BlockedMeanwhile&) = delete;
  BlockedMeanwhile& operator=(const BlockedMeanwhile&) = delete;

 private:
  Engine& engine_;
  bool replaces_;
  std::uint64_t before_;
};

// As ppoll(). A step, then waits.
int wait_for(std::span<pollfd> files, Patience patience, const sigset_t* blocked, const char* call,
             std::uintptr_t where) {
  const int ready = cancellation_point([=](Engine& engine) {
    const BlockedMeanwhile meanwhile(engine, blocked);
    const Event event = descriptor_event(call, files.empty() ? -1 : files.front().fd, where);
    engine.reach(event);
    const Task& me = engine.current();
    // What has come by now came before the call, unless it is the call that lets it in.
    while (blocked == nullptr && (me.signals_pending & ~me.signals_blocked) != 0) {
      engine.executed();
      engine.run_handlers();
      engine.reach(event);
    }
    const std::uint64_t deadline = patience.for_ever ? 0 : std::max<std::uint64_t>(1, engine.now_ns() + patience.ns);
    const bool looks = !patience.for_ever && patience.ns == 0;
    const int found = looks ? ready_now(engine, files) : wait_ready(engine, files, deadline);
    engine.executed();
    if (found > 0) engine.races().acquire(engine.descriptors().clock());
    if (looks && found == 0) found_nothing_ready(engine, where);
    return found;
  });
  return ready >= 0 ? ready : (errno = EINTR, -1);
}

using Sets = std::array<fd_set*, 3>;

// The descriptors that are in one of the sets.
std::size_t listed(int count, const Sets& sets, std::span<pollfd> files) {
  constexpr std::array<short, 3> events = {POLLIN, POLLOUT, POLLPRI};
  std::size_t used = 0;
  for (int file = 0; file < count; ++file) {
    pollfd wanted{file, 0, 0};
    for (std::size_t set = 0; set < sets.size(); ++set)
      if (sets[set] != nullptr && FD_ISSET(file, sets[set])) wanted.events |= events[set];
    if (wanted.events != 0) files[used++] = wanted;
  }
  return used;
}

int select_until(int count, const Sets& sets, Patience patience, const sigset_t* blocked,
                 std::uintptr_t where) {
  if (count < 0 || count > FD_SETSIZE) return errno = EINVAL, -1;
  std::array<pollfd, FD_SETSIZE> files;
  const std::size_t used = listed(count, sets, files);
  const int ready = wait_for({files.data(), used}, patience, blocked, "select", where);
  if (ready < 0) return ready;
  const Entered entered;
  timeval now = {};
  return real::select(count, sets[0], sets[1], sets[2], &now);
}

int epoll_until(int file, epoll_event* events, int room, Patience patience,
                const sigset_t* blocked, std::uintptr_t where) {
  if (room <= 0) return errno = EINVAL, -1;
  pollfd set{file, POLLIN | is_epoll, 0};
  const int ready = wait_for({&set, 1}, patience, blocked, "epoll_wait", where);
  if (ready < 0) return ready;
  const Entered entered;
  return real::epoll_wait(file, events, room, 0);
}

timespec length_of(std::uint64_t ns) {
  return {static_cast<time_t>(ns / ns_per_s), static_cast<long>(ns % ns_per_s)};
}

itimerspec state_of(const Descriptors::Timer& timer, std::uint64_t now_ns) {
  const std::uint64_t rest = timer.deadline_ns > now_ns ? timer.deadline_ns - now_ns : 0;
  return {length_of(timer.interval_ns), length_of(rest)};
}

int arm(int file, int flags, const itimerspec& wanted, itimerspec* before, std::uintptr_t where) {
  if (!is_valid(wanted.it_value) || !is_valid(wanted.it_interval)) return errno = EINVAL, -1;
  const Entered entered;
  entered->reach(descriptor_event("timerfd_settime", file, where));
  Descriptors& descriptors = entered->descriptors();
  const std::uint64_t now = entered->now_ns();
  descriptors.advance(now);
  Descriptors::Timer* const timer = descriptors.find_timer(file);
  entered->executing().failed = timer == nullptr;
  entered->executed();
  if (timer == nullptr) return errno = EINVAL, -1;
  if (before != nullptr) *before = state_of(*timer, now);
  std::uint64_t expired;  // what has not been read is forgotten
  const NonBlocking at_once(file);
  static_cast<void>(real::read(file, static_cast<void*>(&expired), sizeof expired));
  const std::uint64_t value = to_ns(wanted.it_value);
  const bool absolute = (flags & TFD_TIMER_ABSTIME) != 0;
  timer->deadline_ns = value == 0 ? 0 : absolute ? deadline_of(wanted.it_value, timer->clock) : now + value;
  timer->interval_ns = to_ns(wanted.it_interval);
  // Who waits for it must learn when it will be due: it looks again.
  descriptors.waiting().each([&](Task& task) {
    if (descriptors.next_deadline(task.awaits) != 0) entered->wake(task);
  });
  descriptors_changed(*entered);
  return 0;
}

}  // namespace
}  // namespace harness

using harness::active;
using harness::Patience;
namespace real = harness::real;

HARNESS_EXPORT int poll(pollfd* files, nfds_t count, int ms) {
  if (active == nullptr) return real::poll(files, count, ms);
  return harness::wait_for({files, count}, Patience::of_ms(ms), nullptr, "poll", HARNESS_CALLER);
}
HARNESS_EXPORT int ppoll(pollfd* files, nfds_t count, const timespec* time, const sigset_t* mask) {
  if (active == nullptr) return real::ppoll(files, count, time, mask);
  return harness::wait_for({files, count}, Patience::of(time), mask, "ppoll", HARNESS_CALLER);
}
HARNESS_EXPORT int select(int count, fd_set* reads, fd_set* writes, fd_set* others, timeval* time) {
  if (active == nullptr) return real::select(count, reads, writes, others, time);
  timespec length = {};
  if (time != nullptr) length = {time->tv_sec, time->tv_usec * 1000};
  return harness::select_until(count, {reads, writes, others}, Patience::of(time == nullptr ? nullptr : &length),
                               nullptr, HARNESS_CALLER);
}
HARNESS_EXPORT int pselect(int count, fd_set* reads, fd_set* writes, fd_set* others, const timespec* time,
                           const sigset_t* mask) {
  if (active == nullptr) return real::pselect(count, reads, writes, others, time, mask);
  return harness::select_until(count, {reads, writes, others}, Patience::of(time), mask, HARNESS_CALLER);
}

HARNESS_EXPORT int epoll_create(int size) noexcept {
  const int file = real::epoll_create(size);
  if (file >= 0 && active != nullptr) harness::Entered()->descriptors().opened(file);
  return file;
}
HARNESS_EXPORT int epoll_create1(int flags) noexcept {
  const int file = real::epoll_create1(flags);
  if (file >= 0 && active != nullptr) harness::Entered()->descriptors().opened(file);
  return file;
}
HARNESS_EXPORT int epoll_ctl(int set, int operation, int file, epoll_event* event) noexcept {
  return harness::step_on_descriptor("epoll_ctl", set, HARNESS_CALLER,
                                     [=] { return real::epoll_ctl(set, operation, file, event); });
}
HARNESS_EXPORT int epoll_wait(int file, epoll_event* events, int room, int ms) {
  if (active == nullptr) return real::epoll_wait(file, events, room, ms);
  return harness::epoll_until(file, events, room, Patience::of_ms(ms), nullptr, HARNESS_CALLER);
}
HARNESS_EXPORT int epoll_pwait(int file, epoll_event* events, int room, int ms, const sigset_t* mask) {
  if (active == nullptr) return real::epoll_pwait(file, events, room, ms, mask);
  return harness::epoll_until(file, events, room, Patience::of_ms(ms), mask, HARNESS_CALLER);
}

HARNESS_EXPORT int timerfd_create(clockid_t clock, int flags) noexcept {
  if (active == nullptr) return real::timerfd_create(clock, flags);
  const harness::Entered entered;
  static_assert(int{TFD_NONBLOCK} == int{EFD_NONBLOCK} && int{TFD_CLOEXEC} == int{EFD_CLOEXEC});
  const int file = real::eventfd(0u, flags);
  if (file < 0) return file;
  entered->descriptors().opened(file);
  entered->descriptors().add_timer(file, clock);
  return file;
}
HARNESS_EXPORT int timerfd_settime(int file, int flags, const itimerspec* wanted, itimerspec* before) noexcept {
  if (active == nullptr) return real::timerfd_settime(file, flags, wanted, before);
  return harness::arm(file, flags, *wanted, before, HARNESS_CALLER);
}
HARNESS_EXPORT int timerfd_gettime(int file, itimerspec* state) noexcept {
  if (active == nullptr) return real::timerfd_gettime(file, state);
  const harness::Entered entered;
  const harness::Descriptors::Timer* const timer = entered->descriptors().find_timer(file);
  if (timer == nullptr) return errno = EINVAL, -1;
  *state = harness::state_of(*timer, entered->now_ns());
  return 0;
}
