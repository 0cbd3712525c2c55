// Descriptors between the tasks of one process: pipes, sockets, eventfd, timerfd, epoll. A call that would block
// waits for another task; every variant that is right must pass under every interleaving.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#undef NDEBUG
#include <cassert>

#include "harness/scenario.hpp"

namespace {

struct Pipe {
  Pipe() { assert(pipe(ends) == 0); }
  int ends[2];
  int out() const { return ends[0]; }
  int in() const { return ends[1]; }
};

std::string read_all(int file) {
  std::string text;
  char part[16];
  for (ssize_t got; (got = read(file, part, sizeof part)) != 0;) {
    assert(got > 0);
    text.append(part, static_cast<std::size_t>(got));
  }
  return text;
}

void through_a_pipe(harness::Execution& run) {
  const Pipe pipe;
  run.spawn("reader", [&] { assert(read_all(pipe.out()) == "hello, world"); });
  run.spawn("writer", [&] {
    assert(write(pipe.in(), "hello, ", 7) == 7);
    const iovec parts[] = {{const_cast<char*>("wor"), 3}, {const_cast<char*>("ld"), 2}};
    assert(writev(pipe.in(), parts, 2) == 5);
    close(pipe.in());
  });
  run.join();
}

// More than a pipe holds: writer and reader take turns.
void more_than_it_holds(harness::Execution& run) {
  const Pipe pipe;
  constexpr std::size_t bytes = 200'000;
  run.spawn("writer", [&] {
    const std::vector<char> data(bytes, 'x');
    assert(write(pipe.in(), data.data(), data.size()) == static_cast<ssize_t>(bytes));
    close(pipe.in());
  });
  run.spawn("reader", [&] {
    std::vector<char> data(70'000);
    std::size_t total = 0;
    for (ssize_t got; (got = read(pipe.out(), data.data(), data.size())) > 0;)
      total += static_cast<std::size_t>(got);
    assert(total == bytes);
  });
  run.join();
}

void nobody_writes(harness::Execution& run) {
  const Pipe pipe;
  run.spawn("reader", [&] { read_all(pipe.out()); });
  run.spawn("other", [&] { write(pipe.in(), "x", 1); });  // and does not close it
  run.join();
}

// The lost update: both read the counter before either has written it back.
void lost_update(harness::Execution& run) {
  const Pipe pipe;
  assert(write(pipe.in(), "a", 1) == 1);
  std::atomic<int> counter{0};
  const auto work = [&] {
    const int seen = counter;
    counter = seen + 1;
    char token;
    assert(read(pipe.out(), &token, 1) == 1 && write(pipe.in(), &token, 1) == 1);
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(counter == 2);
}

// The same with the token taken first: a pipe as a lock.
void pipe_as_lock(harness::Execution& run) {
  const Pipe pipe;
  assert(write(pipe.in(), "a", 1) == 1);
  std::atomic<int> counter{0};
  const auto work = [&] {
    char token;
    assert(read(pipe.out(), &token, 1) == 1);
    const int seen = counter;
    counter = seen + 1;
    assert(write(pipe.in(), &token, 1) == 1);
  };
  run.spawn("first", work);
  run.spawn("second", work);
  run.join();
  assert(counter == 2);
}

void not_blocking(harness::Execution& run) {
  int ends[2];
  assert(pipe2(ends, O_NONBLOCK) == 0);
  run.spawn("reader", [&] {
    char byte;
    int tries = 0;
    while (read(ends[0], &byte, 1) == -1) {
      assert(errno == EAGAIN);
      ++tries;
    }
    assert(byte == 'x');
  });
  run.spawn("writer", [&] { assert(write(ends[1], "x", 1) == 1); });
  run.join();
}

void broken_pipe(harness::Execution&) {
  const Pipe pipe;
  close(pipe.out());
  signal(SIGPIPE, SIG_IGN);
  assert(write(pipe.in(), "x", 1) == -1 && errno == EPIPE);
}

void killed_by_pipe(harness::Execution&) {
  const Pipe pipe;
  close(pipe.out());
  write(pipe.in(), "x", 1);
}

void sockets(harness::Execution& run) {
  int ends[2];
  assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  run.spawn("client", [&] {
    char answer[8];
    assert(send(ends[0], "ping", 4, 0) == 4 && recv(ends[0], answer, sizeof answer, 0) == 4);
    assert(memcmp(answer, "pong", 4) == 0 && recv(ends[0], answer, 1, MSG_DONTWAIT) <= 0);
    shutdown(ends[0], SHUT_WR);
  });
  run.spawn("server", [&] {
    char question[8];
    assert(recv(ends[1], question, sizeof question, 0) == 4 && send(ends[1], "pong", 4, 0) == 4);
    assert(recv(ends[1], question, sizeof question, 0) == 0);
  });
  run.join();
}

void listener(harness::Execution& run) {
  const int listening = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;  // no name: the kernel gives one that is in no directory
  socklen_t length = sizeof(sa_family_t);
  assert(bind(listening, reinterpret_cast<sockaddr*>(&address), length) == 0 && listen(listening, 2) == 0);
  length = sizeof address;
  assert(getsockname(listening, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  run.spawn("server", [&] {
    const int peer = accept(listening, nullptr, nullptr);
    assert(peer >= 0 && read_all(peer) == "to the listener");
    close(peer);
  });
  run.spawn("client", [&] {
    const int mine = socket(AF_UNIX, SOCK_STREAM, 0);
    assert(connect(mine, reinterpret_cast<const sockaddr*>(&address), length) == 0);
    assert(write(mine, "to the listener", 15) == 15);
    close(mine);
  });
  run.join();
}

void events(harness::Execution& run) {
  const int counter = eventfd(0, 0);
  run.spawn("waiter", [&] {
    std::uint64_t sum = 0;
    while (sum < 5) {
      eventfd_t value;
      assert(eventfd_read(counter, &value) == 0);
      sum += value;
    }
    assert(sum == 5);
  });
  run.spawn("first", [&] { assert(eventfd_write(counter, 2) == 0); });
  run.spawn("second", [&] {
    const std::uint64_t three = 3;
    assert(write(counter, &three, sizeof three) == sizeof three);
  });
  run.join();
}

long seconds_now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

void timers(harness::Execution& run) {
  const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
  run.spawn("waiter", [&] {
    const long before = seconds_now();
    std::uint64_t times = 0;
    assert(read(timer, &times, sizeof times) == sizeof times && times >= 1);
    assert(seconds_now() - before >= 3600 || before >= 1000 + 3600);
    pollfd file = {timer, POLLIN, 0};
    assert(poll(&file, 1, 10) == 0);  // it was once only
  });
  run.spawn("setter", [&] {
    itimerspec hour = {{0, 0}, {3600, 0}};
    itimerspec state;
    assert(timerfd_settime(timer, 0, &hour, nullptr) == 0 && timerfd_gettime(timer, &state) == 0);
  });
  run.join();
}

void periodic_timer(harness::Execution&) {
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  std::uint64_t times = 0;
  assert(read(timer, &times, sizeof times) == -1 && errno == EAGAIN);
  itimerspec every = {{1, 0}, {1, 0}};
  assert(timerfd_settime(timer, 0, &every, nullptr) == 0);
  sleep(10);
  assert(read(timer, &times, sizeof times) == sizeof times && times == 10);
  every = {};
  assert(timerfd_settime(timer, 0, &every, nullptr) == 0);
  sleep(10);
  assert(read(timer, &times, sizeof times) == -1 && errno == EAGAIN);
}

void polls(harness::Execution& run) {
  const Pipe first, second;
  run.spawn("waiter", [&] {
    int left = 2;
    while (left > 0) {
      pollfd files[] = {{first.out(), POLLIN, 0}, {second.out(), POLLIN, 0}};
      const int ready = poll(files, 2, -1);
      assert(ready >= 1 && ready <= 2);
      for (const pollfd& file : files) {
        char byte;
        if (file.revents & POLLIN) left -= static_cast<int>(read(file.fd, &byte, 1));
      }
    }
  });
  run.spawn("a", [&] { write(first.in(), "x", 1); });
  run.spawn("b", [&] { write(second.in(), "x", 1); });
  run.join();
}

// A time-out may come first, and need not.
void poll_times_out(harness::Execution& run) {
  const Pipe pipe;
  static std::atomic<int> outcomes[2];
  run.spawn("waiter", [&] {
    pollfd file = {pipe.out(), POLLIN, 0};
    const int ready = poll(&file, 1, 1000);
    assert(ready == 0 || (ready == 1 && file.revents == POLLIN));
    outcomes[ready].fetch_add(1);
  });
  run.spawn("writer", [&] { write(pipe.in(), "x", 1); });
  run.join();
}

// The mistake: to believe that the time-out never comes first.
void trusts_the_time(harness::Execution& run) {
  const Pipe pipe;
  run.spawn("waiter", [&] {
    pollfd file = {pipe.out(), POLLIN, 0};
    assert(poll(&file, 1, 60'000) == 1);
  });
  run.spawn("writer", [&] { write(pipe.in(), "x", 1); });
  run.join();
}

void selects(harness::Execution& run) {
  const Pipe pipe;
  run.spawn("waiter", [&] {
    fd_set reads, writes;
    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_SET(pipe.out(), &reads);
    assert(select(pipe.out() + 1, &reads, nullptr, nullptr, nullptr) == 1 && FD_ISSET(pipe.out(), &reads));
    FD_SET(pipe.in(), &writes);
    timeval none = {};
    assert(select(pipe.in() + 1, nullptr, &writes, nullptr, &none) == 1);
    char byte;
    assert(read(pipe.out(), &byte, 1) == 1);
    timeval second = {1, 0};
    assert(select(pipe.out() + 1, &reads, nullptr, nullptr, &second) == 0);
  });
  run.spawn("writer", [&] { write(pipe.in(), "x", 1); });
  run.join();
}

void event_loop(harness::Execution& run) {
  const int set = epoll_create1(0);
  const Pipe pipe;
  const int wake = eventfd(0, EFD_NONBLOCK);
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  for (const int file : {pipe.out(), wake, timer}) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = file;
    assert(epoll_ctl(set, EPOLL_CTL_ADD, file, &event) == 0);
  }
  const itimerspec minute = {{0, 0}, {60, 0}};
  assert(timerfd_settime(timer, 0, &minute, nullptr) == 0);
  run.spawn("loop", [&] {
    bool stopped = false, ticked = false, read_it = false;
    while (!stopped || !ticked || !read_it) {
      epoll_event events[4];
      const int count = epoll_wait(set, events, 4, -1);
      assert(count > 0);
      for (int i = 0; i < count; ++i) {
        std::uint64_t value = 0;
        assert(read(events[i].data.fd, &value, sizeof value) > 0);
        (events[i].data.fd == wake ? stopped : events[i].data.fd == timer ? ticked : read_it) = true;
      }
    }
    epoll_event events[4];
    assert(epoll_wait(set, events, 4, 0) == 0 && epoll_wait(set, events, 4, 100) == 0);
  });
  run.spawn("writer", [&] { write(pipe.in(), "x", 1); });
  run.spawn("stopper", [&] { eventfd_write(wake, 1); });
  run.join();
}

void cancelled_reader(harness::Execution&) {
  const Pipe pipe;
  std::atomic<bool> returned{false};
  pthread_t thread;
  struct Both {
    int file;
    std::atomic<bool>& returned;
  } both{pipe.out(), returned};
  const auto routine = [](void* argument) -> void* {
    const auto& in = *static_cast<Both*>(argument);
    char byte;
    read(in.file, &byte, 1);
    in.returned = true;
    return nullptr;
  };
  assert(pthread_create(&thread, nullptr, routine, &both) == 0 && pthread_cancel(thread) == 0);
  void* result = nullptr;
  assert(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED && !returned);
}

// The reader is told that it is over by what it reads, and closes; or somebody else does, too early.
void reader_closes(harness::Execution& run) {
  int ends[2];
  assert(pipe(ends) == 0);
  run.spawn("writer", [=] { write(ends[1], "x", 1); });
  run.spawn("reader", [=] {
    char byte;
    assert(read(ends[0], &byte, 1) == 1 && close(ends[0]) == 0 && close(ends[1]) == 0);
  });
  run.join();
}
void other_closes(harness::Execution& run) {
  const int file = eventfd(1, 0);
  run.spawn("writer", [=] { eventfd_write(file, 1); });
  run.spawn("closer", [=] { close(file); });
  run.join();
}

// Descriptors that the program forgets are closed for it, and have the same numbers in the next execution.
void forgets(harness::Execution& run) {
  std::vector<int> files;
  for (int i = 0; i < 20; ++i) files.push_back(eventfd(0, 0));
  assert(files.back() >= 0 && files.back() < 100);
  std::atomic<int> x{0};
  for (const char* name : {"first", "second"}) run.spawn(name, [&] { x.fetch_add(1); x.fetch_add(1); });
  run.join();
}

void closes_everything(harness::Execution&) {
  for (int file = 0; file < 64; ++file) close(file);
}

void into_unmapped(harness::Execution&) {
  const Pipe pipe;
  void* const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page, 4096);
  write(pipe.in(), page, 10);
}

const std::map<std::string_view, void (*)(harness::Execution&)> programs = {
    {"through-a-pipe", through_a_pipe},
    {"more-than-it-holds", more_than_it_holds},
    {"nobody-writes", nobody_writes},
    {"lost-update", lost_update},
    {"pipe-as-lock", pipe_as_lock},
    {"not-blocking", not_blocking},
    {"broken-pipe", broken_pipe},
    {"killed-by-pipe", killed_by_pipe},
    {"sockets", sockets},
    {"listener", listener},
    {"events", events},
    {"timers", timers},
    {"periodic-timer", periodic_timer},
    {"polls", polls},
    {"poll-times-out", poll_times_out},
    {"trusts-the-time", trusts_the_time},
    {"selects", selects},
    {"event-loop", event_loop},
    {"cancelled-reader", cancelled_reader},
    {"reader-closes", reader_closes}, {"other-closes", other_closes},
    {"forgets", forgets},
    {"closes-everything", closes_everything}, {"into-unmapped", into_unmapped},
};

std::vector<harness::Variant> variants() {
  const std::map<std::string_view, const char*> others = {{"nobody-writes", "deadlock"},
                                                            {"other-closes", "data-race"},
                                                          {"lost-update", "assertion"},
                                                          {"killed-by-pipe", "crash"},
                                                          {"trusts-the-time", "assertion"},
                                                          {"into-unmapped", "freed-region-in-use"}};
  std::vector<harness::Variant> all;
  for (const auto& [name, program] : programs)
    all.push_back({std::string(name), others.contains(name) ? others.at(name) : "pass"});
  return all;
}

}  // namespace

HARNESS_SCENARIO({
    .name = "surface_files",
    .about = "descriptors between the tasks of one process",
    .variants = variants(),
    .play = [](harness::Execution& run, std::string_view variant) { programs.at(variant)(run); },
});
