// Programs whose bug is a lock that is wrong, too short, or taken in the wrong order.
#include <condition_variable>
#include <mutex>

#include "harness/bench/programs/common.hpp"

namespace {

using bench::Threads;
using bench::Variable;

// One thread under one lock, the others under another one.
void wronglock(int others) {
  static std::mutex right, wrong;
  static Variable<int> data = 0;
  Threads threads;
  threads.start([] {
    const std::lock_guard lock(right);
    const int before = data;
    data += 1;
    assert(data == before + 1);
  });
  threads.start(others, [] {
    const std::lock_guard lock(wrong);
    data += 1;
  });
}

// Once both have been there, the balance is checked, against a sum that is wrong.
void account() {
  static std::mutex mutex;
  static Variable<int> balance = 1;
  static Variable<bool> deposited = false, withdrawn = false;
  Threads threads;
  threads.start([] {
    const std::lock_guard lock(mutex);
    if (deposited && withdrawn) assert(balance == 1 - 2 - 4);
  });
  threads.start([] {
    const std::lock_guard lock(mutex);
    balance += 2;
    deposited = true;
  });
  threads.start([] {
    const std::lock_guard lock(mutex);
    balance += -4;
    withdrawn = true;
  });
}

// Two locks, taken in opposite order.
void deadlock01() {
  static std::mutex a, b;
  Threads threads;
  threads.start([] {
    const std::lock_guard first(a);
    const std::lock_guard second(b);
  });
  threads.start([] {
    const std::lock_guard first(b);
    const std::lock_guard second(a);
  });
}

// Everybody takes the left fork first.
void philosophers() {
  constexpr int count = 5;
  static std::mutex forks[count];
  Threads threads;
  for (int i = 0; i < count; ++i)
    threads.start([i] {
      const std::lock_guard left(forks[i]);
      const std::lock_guard right(forks[(i + 1) % count]);
    });
}

// A driver's requests look at the stop flag before they are counted (Qadeer, Wu: KISS, PLDI 2004).
class Driver {
 public:
  void request() {
    if (stopping_) return;
    {
      const std::lock_guard lock(mutex_);
      pending_ += 1;
    }
    assert(!stopped_);
    done();
  }

  void stop() {
    stopping_ = true;
    done();
    while (!idle_) std::this_thread::yield();
    stopped_ = true;
  }

 private:
  void done() {
    const std::lock_guard lock(mutex_);
    pending_ += -1;
    if (pending_ == 0) idle_ = true;
  }

  std::mutex mutex_;
  Variable<int> pending_ = 1;
  Variable<bool> stopping_ = false, idle_ = false, stopped_ = false;
};

void bluetooth_driver() {
  Driver driver;
  Threads threads;
  threads.start([&] { driver.stop(); });
  threads.start([&] { driver.request(); });
}

// append() asks the other buffer for its length, and for its characters later (Flanagan, Qadeer:
// "A type and effect system for atomicity", PLDI 2003; each call locks).
class StringBuffer {
 public:
  int length() {
    const std::lock_guard lock(mutex_);
    return length_;
  }
  void erase() {
    const std::lock_guard lock(mutex_);
    length_ = 0;
  }
  void get_characters(int count) {
    const std::lock_guard lock(mutex_);
    assert(count <= length_);
  }
  void append(StringBuffer& other) {
    const std::lock_guard lock(mutex_);
    const int more = other.length();
    length_ += more;
    other.get_characters(more);
  }

 private:
  std::mutex mutex_;
  Variable<int> length_ = 6;
};

void string_buffer() {
  StringBuffer to, from;
  Threads threads;
  threads.start([&] { to.append(from); });
  threads.start([&] { from.erase(); });
}

void play(harness::Execution&, std::string_view variant) {
  if (variant == "wronglock") return wronglock(7);
  if (variant == "wronglock-3") return wronglock(3);
  if (variant == "account") return account();
  if (variant == "deadlock01") return deadlock01();
  if (variant == "philosophers") return philosophers();
  if (variant == "bluetooth-driver") return bluetooth_driver();
  string_buffer();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "locking",
    .about = "a lock that is wrong, too short, or taken in the wrong order",
    .variants = {{"wronglock", "assertion"},
                 {"wronglock-3", "assertion"},
                 {"account", "assertion"},
                 {"deadlock01", "deadlock"},
                 {"philosophers", "deadlock"},
                 {"bluetooth-driver", "assertion"},
                 {"stringbuffer", "assertion"}},
    .play = play,
});
