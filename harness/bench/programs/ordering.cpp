// Programs whose bug is one unlucky order among many threads: reorder and twostage with growing numbers
// of writers and one reader, token_ring and lazy01.
#include <mutex>
#include <string>

#include "harness/bench/programs/common.hpp"

namespace {

using bench::Threads;
using bench::Variable;

// Setters write a, then b; the checker must not see one without the other.
void reorder(int setters) {
  static Variable<int> a = 0, b = 0;
  Threads threads;
  threads.start(setters, [] {
    a = 1;
    b = -1;
  });
  threads.start([] {
    const int seen_a = a;
    const int seen_b = b;
    assert((seen_a == 0 && seen_b == 0) || (seen_a == 1 && seen_b == -1));
  });
}

// Writers set one value under one lock and derive a second from it under another; in between, a reader
// that takes the same locks in turn sees values that do not fit.
void twostage(int writers) {
  static std::mutex first_lock, second_lock;
  static Variable<int> first = 0, second = 0;
  Threads threads;
  threads.start(writers, [] {
    {
      const std::lock_guard lock(first_lock);
      first = 1;
    }
    const std::lock_guard lock(second_lock);
    second = first + 1;
  });
  threads.start([] {
    int seen = 0;
    {
      const std::lock_guard lock(first_lock);
      seen = first;
    }
    if (seen == 0) return;
    const std::lock_guard lock(second_lock);
    assert(second == seen + 1);
  });
}

// Three threads each copy their neighbour's value; where the last one to come finds all of them done, it
// expects the values to be equal, which depends on their order.
void token_ring() {
  static std::mutex mutex;
  static Variable<int> x[3] = {1, 2, 1};
  static Variable<bool> done[3] = {false, false, false};
  Threads threads;
  threads.start([] {
    const std::lock_guard lock(mutex);
    x[0] = x[2] + 1;
    done[0] = true;
  });
  threads.start([] {
    const std::lock_guard lock(mutex);
    x[1] = static_cast<int>(x[0]);
    done[1] = true;
  });
  threads.start([] {
    const std::lock_guard lock(mutex);
    x[2] = static_cast<int>(x[1]);
    done[2] = true;
  });
  threads.start([] {
    const std::lock_guard lock(mutex);
    if (done[0] && done[1] && done[2]) assert(x[0] == x[1] && x[1] == x[2]);
  });
}

// The first thread expects to be in time to see the others' work half done.
void lazy() {
  static std::mutex mutex;
  static Variable<int> data = 0;
  Threads threads;
  threads.start([] {
    const std::lock_guard lock(mutex);
    assert(data < 3);
  });
  threads.start([] {
    const std::lock_guard lock(mutex);
    data += 2;
  });
  threads.start([] {
    const std::lock_guard lock(mutex);
    data += 1;
  });
}

void play(harness::Execution&, std::string_view variant) {
  if (variant == "token-ring") return token_ring();
  if (variant == "lazy01") return lazy();
  const std::size_t dash = variant.rfind('-');
  const int number = std::stoi(std::string(variant.substr(dash + 1)));
  if (variant.starts_with("reorder")) return reorder(number);
  twostage(number - 1);
}

}  // namespace

HARNESS_SCENARIO({
    .name = "ordering",
    .about = "one unlucky order among many threads",
    .variants = {{"reorder-3", "assertion"},
                 {"reorder-4", "assertion"},
                 {"reorder-5", "assertion"},
                 {"reorder-10", "assertion"},
                 {"reorder-20", "assertion"},
                 {"reorder-50", "assertion"},
                 {"reorder-100", "assertion"},
                 {"twostage-2", "assertion"},
                 {"twostage-20", "assertion"},
                 {"twostage-50", "assertion"},
                 {"twostage-100", "assertion"},
                 {"token-ring", "assertion"},
                 {"lazy01", "assertion"}},
    .play = play,
});
