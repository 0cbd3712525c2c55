// Calls on file descriptors that may block.
#pragma once

#include <fcntl.h>

#include <cerrno>

#include "harness/engine/descriptors.hpp"
#include "harness/runtime/cancellation.hpp"

namespace harness {

inline Event descriptor_event(const char* call, int file, std::uintptr_t where) {
  return {.op = Op::descriptor, .object = static_cast<std::uintptr_t>(file), .label = call, .where = where};
}

// Which call, on what, from where, and what it waits for.
struct DescriptorCall {
  const char* name;
  int file;
  short events;  // POLLIN, POLLOUT
  std::uintptr_t where;
  bool waits = true;  // false: MSG_DONTWAIT and the like
};

// Nobody waits in the kernel: a call is made in the non-blocking way, whatever the descriptor says.
class NonBlocking {
 public:
  explicit NonBlocking(int file) : file_(file), flags_(fcntl(file, F_GETFL)) {
    if (!was_so()) fcntl(file_, F_SETFL, flags_ | O_NONBLOCK);
  }
  ~NonBlocking() {
    const int error = errno;
    if (!was_so()) fcntl(file_, F_SETFL, flags_);
    errno = error;
  }
  NonBlocking(const NonBlocking&) = delete;
  NonBlocking& operator=(const NonBlocking&) = delete;
  bool was_so() const { return (flags_ & O_NONBLOCK) != 0; }

 private:
  int file_;
  int flags_;
};

// The engine's part of it: a step, and as many waits as are needed. `call` returns -1 and sets errno.
template <class Call>
auto attempt_until_done(Engine& engine, const DescriptorCall& how, Call call) {
  engine.reach(descriptor_event(how.name, how.file, how.where));
  descriptor_used(engine, how.file, how.where);
  for (;;) {
    engine.descriptors().advance(engine.now_ns());
    const NonBlocking now(how.file);
    auto result = call();
    const bool would_block = result == -1 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (!would_block || now.was_so() || !how.waits) {
      const int error = errno;
      engine.executing().failed = result == -1;
      engine.executed();
      would_block ? found_nothing_ready(engine, how.where) : descriptors_changed(engine);
      errno = error;
      return result;
    }
    pollfd file{how.file, how.events, 0};
    if (wait_ready(engine, {&file, 1}, 0) >= 0) continue;
    engine.executing().failed = true;
    engine.executed();
    return errno = EINTR, result;
  }
}

// Forwarded where it cannot concern another task.
template <class Call>
auto on_descriptor(const DescriptorCall& how, Call call) {
  if (active == nullptr || !is_between_tasks(how.file)) return call();
  return cancellation_point([&](Engine& engine) { return attempt_until_done(engine, how, call); });
}

// A step that never waits: `call` does something to descriptors that others may be waiting for, and `look` tells
// whether that is a use of this one or its end.
template <class Call>
auto step_on_descriptor(const char* name, int file, std::uintptr_t where, Call call,
                        void (*look)(Engine&, int, std::uintptr_t) = descriptor_used) {
  if (active == nullptr || !is_between_tasks(file)) return call();
  const Entered entered;
  entered->reach(descriptor_event(name, file, where));
  look(*entered, file, where);
  const auto result = call();
  const int error = errno;
  entered->executing().failed = result == -1;
  entered->executed();
  descriptors_changed(*entered);
  errno = error;
  return result;
}

}  // namespace harness
