// read(), write(), send(), recv() and their relatives, and the calls that make and close what they work on.
#include "harness/runtime/descriptors.hpp"

#include <signal.h>

#include <algorithm>

#include "harness/runtime/access.hpp"

#if defined(__GNUC__) && !defined(__clang__)
// check_range() takes what will be written for something that is read.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace harness {
namespace {

// A broken pipe is also a signal, unless the caller asks for none.
template <class Result>
Result tell_broken(Result result, bool signals) {
  if (active == nullptr || result != -1 || errno != EPIPE || !signals) return result;
  raise(SIGPIPE);
  return errno = EPIPE, result;
}

// One that waits writes everything, in as many pieces as it takes.
template <class Write>
ssize_t write_all(const DescriptorCall& how, const void* from, std::size_t bytes, Write write) {
  const auto* at = static_cast<const char*>(from);
  const bool whole = how.waits && active != nullptr && is_between_tasks(how.file) &&
                     (fcntl(how.file, F_GETFL) & O_NONBLOCK) == 0;
  std::size_t done = 0;
  do {
    const ssize_t part = on_descriptor(how, [&] { return write(at + done, bytes - done); });
    if (part < 0) return done > 0 ? static_cast<ssize_t>(done) : part;
    done += static_cast<std::size_t>(part);
  } while (whole && done < bytes);
  return static_cast<ssize_t>(done);
}

int made(int file) {
  if (file >= 0 && active != nullptr) Entered()->descriptors().opened(file);
  return file;
}

int made(int result, const int* pair) {
  if (result == 0) made(pair[0]), made(pair[1]);
  return result;
}

}  // namespace
}  // namespace harness

using harness::active;
using harness::DescriptorCall;
using harness::made;
using harness::on_descriptor;
using harness::step_on_descriptor;
namespace real = harness::real;

HARNESS_EXPORT ssize_t read(int file, void* to, std::size_t bytes) {
  harness::check_range(to, bytes, true, HARNESS_CALLER);
  return on_descriptor({"read", file, POLLIN, HARNESS_CALLER}, [=] { return real::read(file, to, bytes); });
}
HARNESS_EXPORT ssize_t readv(int file, const iovec* parts, int count) {
  return on_descriptor({"readv", file, POLLIN, HARNESS_CALLER},
                       [=] { return real::readv(file, parts, count); });
}
HARNESS_EXPORT ssize_t recv(int file, void* to, std::size_t bytes, int flags) {
  harness::check_range(to, bytes, true, HARNESS_CALLER);
  return on_descriptor({"recv", file, POLLIN, HARNESS_CALLER, (flags & MSG_DONTWAIT) == 0},
                       [=] { return real::recv(file, to, bytes, flags); });
}
HARNESS_EXPORT ssize_t recvfrom(int file, void* to, std::size_t bytes, int flags, sockaddr* from,
                                socklen_t* length) {
  harness::check_range(to, bytes, true, HARNESS_CALLER);
  return on_descriptor({"recvfrom", file, POLLIN, HARNESS_CALLER, (flags & MSG_DONTWAIT) == 0},
                       [=] { return real::recvfrom(file, to, bytes, flags, from, length); });
}
HARNESS_EXPORT ssize_t recvmsg(int file, msghdr* message, int flags) {
  return on_descriptor({"recvmsg", file, POLLIN, HARNESS_CALLER, (flags & MSG_DONTWAIT) == 0},
                       [=] { return real::recvmsg(file, message, flags); });
}

HARNESS_EXPORT ssize_t write(int file, const void* from, std::size_t bytes) {
  harness::check_range(from, bytes, false, HARNESS_CALLER);
  const auto one = [=](const void* at, std::size_t rest) { return real::write(file, at, rest); };
  return harness::tell_broken(
      harness::write_all({"write", file, POLLOUT, HARNESS_CALLER}, from, bytes, one), true);
}
HARNESS_EXPORT ssize_t writev(int file, const iovec* parts, int count) {
  return harness::tell_broken(on_descriptor({"writev", file, POLLOUT, HARNESS_CALLER},
                                            [=] { return real::writev(file, parts, count); }),
                              true);
}
HARNESS_EXPORT ssize_t send(int file, const void* from, std::size_t bytes, int flags) {
  harness::check_range(from, bytes, false, HARNESS_CALLER);
  const auto one = [=](const void* at, std::size_t rest) { return real::send(file, at, rest, flags); };
  const DescriptorCall how{"send", file, POLLOUT, HARNESS_CALLER, (flags & MSG_DONTWAIT) == 0};
  return harness::tell_broken(harness::write_all(how, from, bytes, one), (flags & MSG_NOSIGNAL) == 0);
}
HARNESS_EXPORT ssize_t sendto(int file, const void* from, std::size_t bytes, int flags, const sockaddr* to,
                              socklen_t length) {
  harness::check_range(from, bytes, false, HARNESS_CALLER);
  const DescriptorCall how{"sendto", file, POLLOUT, HARNESS_CALLER, (flags & MSG_DONTWAIT) == 0};
  return harness::tell_broken(
      on_descriptor(how, [=] { return real::sendto(file, from, bytes, flags, to, length); }),
      (flags & MSG_NOSIGNAL) == 0);
}
HARNESS_EXPORT ssize_t sendmsg(int file, const msghdr* message, int flags) {
  const DescriptorCall how{"sendmsg", file, POLLOUT, HARNESS_CALLER, (flags & MSG_DONTWAIT) == 0};
  return harness::tell_broken(on_descriptor(how, [=] { return real::sendmsg(file, message, flags); }),
                              (flags & MSG_NOSIGNAL) == 0);
}

HARNESS_EXPORT int accept(int file, sockaddr* from, socklen_t* length) {
  return made(on_descriptor({"accept", file, POLLIN, HARNESS_CALLER},
                            [=] { return real::accept(file, from, length); }));
}
HARNESS_EXPORT int accept4(int file, sockaddr* from, socklen_t* length, int flags) {
  return made(on_descriptor({"accept4", file, POLLIN, HARNESS_CALLER},
                            [=] { return real::accept4(file, from, length, flags); }));
}
// To a listener of this process: done at once.
HARNESS_EXPORT int connect(int file, const sockaddr* to, socklen_t length) {
  return step_on_descriptor("connect", file, HARNESS_CALLER,
                            [=] { return real::connect(file, to, length); });
}
HARNESS_EXPORT int shutdown(int file, int how) noexcept {
  return step_on_descriptor("shutdown", file, HARNESS_CALLER, [=] { return real::shutdown(file, how); });
}
HARNESS_EXPORT int close(int file) {
  if (active != nullptr && active->descriptors().is_tools(file))
    return file <= STDERR_FILENO ? 0 : (errno = EBADF, -1);
  const int result = step_on_descriptor(
      "close", file, HARNESS_CALLER, [=] { return real::close(file); }, harness::descriptor_ends);
  if (active != nullptr && result == 0) harness::Entered()->descriptors().closed(file);
  return result;
}

HARNESS_EXPORT int close_range(unsigned first, unsigned last, int flags) noexcept {
  if (active == nullptr || flags != 0) return real::close_range(first, last, flags);
  constexpr unsigned most = 1024;
  for (unsigned file = first; file <= std::min(last, most); ++file) close(static_cast<int>(file));
  return 0;
}
HARNESS_EXPORT void closefrom(int first) noexcept {
  if (active == nullptr) return real::closefrom(first);
  close_range(static_cast<unsigned>(std::max(first, 0)), ~0u, 0);
}

HARNESS_EXPORT int eventfd(unsigned value, int flags) noexcept { return made(real::eventfd(value, flags)); }
HARNESS_EXPORT int eventfd_read(int file, eventfd_t* value) {
  return read(file, value, sizeof *value) == sizeof *value ? 0 : -1;
}
HARNESS_EXPORT int eventfd_write(int file, eventfd_t value) {
  return write(file, &value, sizeof value) == sizeof value ? 0 : -1;
}

HARNESS_EXPORT int pipe(int ends[2]) noexcept { return made(real::pipe(ends), ends); }
HARNESS_EXPORT int pipe2(int ends[2], int flags) noexcept { return made(real::pipe2(ends, flags), ends); }
HARNESS_EXPORT int socketpair(int domain, int type, int protocol, int ends[2]) noexcept {
  return made(real::socketpair(domain, type, protocol, ends), ends);
}
HARNESS_EXPORT int socket(int domain, int type, int protocol) noexcept {
  return made(real::socket(domain, type, protocol));
}
HARNESS_EXPORT int dup(int file) noexcept { return made(real::dup(file)); }
HARNESS_EXPORT int dup2(int file, int other) noexcept {
  if (active != nullptr && other > STDERR_FILENO && active->descriptors().is_tools(other))
    return errno = EBUSY, -1;
  const int result =
      step_on_descriptor("dup2", other, HARNESS_CALLER, [=] { return real::dup2(file, other); });
  return other > STDERR_FILENO ? made(result) : result;
}
HARNESS_EXPORT int dup3(int file, int other, int flags) noexcept {
  if (active != nullptr && other > STDERR_FILENO && active->descriptors().is_tools(other))
    return errno = EBUSY, -1;
  const int result =
      step_on_descriptor("dup3", other, HARNESS_CALLER, [=] { return real::dup3(file, other, flags); });
  return other > STDERR_FILENO ? made(result) : result;
}
