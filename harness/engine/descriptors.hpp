// File descriptors between the tasks of an execution: pipes, sockets, eventfd, timerfd, epoll. The kernel keeps
// them; a call that would block becomes a wait, looked at again whenever a task has done something to any
// descriptor. Timers count in virtual time: each is an eventfd, written to when its time has come.
#pragma once

#include <poll.h>
#include <time.h>

#include <cstdint>
#include <span>
#include <vector>

#include "harness/engine/task.hpp"

namespace harness {

class Descriptors {
 public:
  struct Timer {
    int file;
    clockid_t clock;
    std::uint64_t deadline_ns;  // 0: not armed
    std::uint64_t interval_ns;  // 0: once
  };

  Descriptors();
  // The tool's own, and the standard ones: not the program's to close.
  bool is_tools(int file) const {
    return file >= 0 && static_cast<std::size_t>(file) < tools_.size() && tools_[static_cast<std::size_t>(file)];
  }
  // Made by the program: closed when the execution is over, if the program has not.
  void opened(int file) { opened_.push_back(file); }
  void closed(int file);
  void reset();

  void add_timer(int file, clockid_t clock) { timers_.push_back({file, clock, 0, 0}); }
  Timer* find_timer(int file);
  // Those whose time has come become readable.
  void advance(std::uint64_t now_ns);
  // The earliest of the timers that `files` waits for; 0: none is armed.
  std::uint64_t next_deadline(std::span<const pollfd> files) const;

  WaitList& waiting() { return waiting_; }
  // Counts what is done to descriptors: a task that looks at one again and again waits for this to change.
  std::uint64_t& changes() { return changes_; }
  // See Races: whoever uses a descriptor knows what came before all that was done to any of them.
  std::uint32_t& clock() { return clock_; }

 private:
  std::vector<bool> tools_;
  std::vector<int> opened_;
  std::vector<Timer> timers_;
  WaitList waiting_;
  std::uint64_t changes_ = 0;
  std::uint32_t clock_ = 0;
};

class Engine;

// One of these can block between tasks; files and terminals cannot.
bool is_between_tasks(int file);
// How many of `files` are ready, now: never waits.
int ready_now(Engine& engine, std::span<pollfd> files);
// An epoll descriptor among those of a poll(): it may stand for any other.
inline constexpr short is_epoll = POLLMSG;
// Waits until one of `files` is ready. The number of them, 0 where the time was over first, -EINTR. To be called
// after reach(), in place of executed(); what comes of it is to be done at once.
int wait_ready(Engine& engine, std::span<pollfd> files, std::uint64_t deadline_ns);
// To be called after reach(): a use of a descriptor, or its end. That nothing orders the end after a use is a race;
// some time the use will find it closed, or that its number has gone to another file.
void descriptor_used(Engine& engine, int file, std::uintptr_t where);
void descriptor_ends(Engine& engine, int file, std::uintptr_t where);
// A task has done something to a descriptor: others may go on now.
void descriptors_changed(Engine& engine);
// A task has found nothing to be ready, and does not wait.
void found_nothing_ready(Engine& engine, std::uintptr_t where);

}  // namespace harness
