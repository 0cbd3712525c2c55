// Programs for stress mode: a pool of one mapped region, broken and right, and everything else that
// can happen to threads that the system runs: deadlocks, crashes, exits, exceptions, endless loops.
#undef NDEBUG  // one of them fails an assertion, in every build
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "harness/observe.hpp"
#include "harness/point.hpp"
#include "harness/scenario.hpp"

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t slices = 4;

// One region of four slices. `counted` tells whether take() and the check before freeing exclude
// each other; where they do not, a region can be freed under a slice that was just taken.
class Pool {
 public:
  explicit Pool(bool excludes) : excludes_(excludes) {
    base_ = static_cast<char*>(
        mmap(nullptr, slices * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    harness::observe::budget(this, slices * page);
  }
  ~Pool() { free_unused(); }

  char* take() {
    harness::observe::asked(this);
    if (excludes_) mutex_.lock();
    const bool there = mapped_ && next_ < slices;
    char* slice = there ? base_ + page * next_++ : nullptr;
    harness::point("taken");
    if (there) ++out_;
    if (excludes_) mutex_.unlock();
    if (slice != nullptr) harness::observe::given(this, slice, page);
    return slice;
  }
  void give_back(char* slice) {
    harness::observe::returning(slice);
    --out_;
    harness::observe::returned(slice, true);
  }
  void free_unused() {
    if (excludes_) mutex_.lock();
    if (out_ == 0 && mapped_.exchange(false)) {
      harness::point("unused");
      munmap(base_, slices * page);
    }
    if (excludes_) mutex_.unlock();
  }

 private:
  const bool excludes_;
  std::mutex mutex_;
  char* base_ = nullptr;
  std::size_t next_ = 0;
  std::atomic<std::size_t> out_{0};
  std::atomic<bool> mapped_{true};
};

void pool(harness::Execution& run, bool excludes) {
  Pool pool(excludes);
  run.spawn("reader", [&] {
    if (char* slice = pool.take()) {
      slice[0] = 1;
      pool.give_back(slice);
    }
  });
  run.spawn("reclaimer", [&] { pool.free_unused(); });
  run.join();
}

// Discards a slice under its owner, who finds zeros.
void discard(harness::Execution& run) {
  auto* memory = static_cast<char*>(
      mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  std::atomic<bool> discarded{false};
  run.spawn("owner", [&] {
    harness::observe::given(nullptr, memory, page);
    memory[0] = 7;
    harness::point("written");
    while (!discarded) std::this_thread::yield();
    if (memory[0] != 7) harness::observe::lost(memory, 7, 0);
    harness::observe::returning(memory);
    harness::observe::returned(memory, true);
  });
  run.spawn("sweeper", [&] {
    harness::point("sweep");
    madvise(memory, page, MADV_DONTNEED);
    discarded = true;
  });
  run.join();
  munmap(memory, page);
}

// The tasks say in which order they came by.
void order(harness::Execution& run, const std::string& wanted) {
  static std::mutex mutex;
  std::string came;
  const auto say = [&](const char* what) {
    const std::lock_guard lock(mutex);
    came += came.empty() ? what : std::string(" ") + what;
  };
  for (const char* name : {"a", "b", "c"})
    run.spawn(name, [&, name] {
      say((std::string(name) + "1").c_str());
      harness::point("middle");
      say((std::string(name) + "2").c_str());
      harness::point("last");
      say((std::string(name) + "3").c_str());
    });
  run.join();
  if (came != wanted) harness::observe::violated("assertion", ("the order was " + came).c_str());
}

// "holder" has the lock at its point; "wanter" blocks on it.
void lock(harness::Execution& run) {
  std::mutex mutex;
  std::atomic<int> wanted{0};
  run.spawn("holder", [&] {
    const std::lock_guard held(mutex);
    harness::point("held");
    if (wanted.load() != 1) harness::observe::violated("assertion", "wanter has not come yet");
  });
  run.spawn("wanter", [&] {
    wanted = 1;
    const std::lock_guard held(mutex);
    harness::point("mine");
  });
  run.join();
}

void two_phases(harness::Execution& run) {
  int turns = 0;
  run.spawn("first", [&] { turns = 1; });
  run.join();
  run.spawn("second", [&] { turns *= 2; });
  run.join();
  if (turns != 2) harness::observe::violated("assertion", "the phases are mixed up");
}

void own_threads(harness::Execution& run) {
  run.spawn("parent", [] {
    std::thread child([] { harness::point("in-the-child"); });
    child.join();
  });
  run.join();
}

void lock_orders(harness::Execution& run) {
  std::mutex first, second;
  std::atomic<int> there{0};
  const auto both = [&](std::mutex& one, std::mutex& other) {
    const std::lock_guard held(one);
    ++there;
    while (there < 2) std::this_thread::yield();
    const std::lock_guard also(other);
  };
  run.spawn("forwards", [&] { both(first, second); });
  run.spawn("backwards", [&] { both(second, first); });
  run.join();
}

void lock_orders_at_points(harness::Execution& run) {
  std::mutex first, second;
  const auto both = [](std::mutex& one, std::mutex& other) {
    const std::lock_guard held(one);
    harness::point("one-held");
    const std::lock_guard also(other);
  };
  run.spawn("forwards", [&] { both(first, second); });
  run.spawn("backwards", [&] { both(second, first); });
  run.join();
}

void sleep_long(harness::Execution& run) {
  run.spawn("sleeper", [] { std::this_thread::sleep_for(std::chrono::milliseconds(2500)); });
  run.join();
}

void leak(harness::Execution&) {
  if (mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
    std::abort();
}

// Many calls that fail, and ranges cut in pieces: nothing of it is wrong.
void odd_calls(harness::Execution& run) {
  run.spawn("caller", [] {
    if (munmap(reinterpret_cast<void*>(12345), page) == 0) std::abort();
    if (mmap(nullptr, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) std::abort();
    errno = 77;
    auto* base = static_cast<char*>(
        mmap(nullptr, 8 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (errno != 77) std::abort();
    for (int round = 0; round < 20; ++round) {
      if (mprotect(base + page, 4 * page, PROT_READ | PROT_WRITE) != 0) std::abort();
      base[page] = base[2 * page] = 1;
      if (mmap(base + 2 * page, page, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
        std::abort();
      if (madvise(base + page, page, MADV_DONTNEED) != 0 || base[page] != 0) std::abort();
      if (mprotect(base + page, 4 * page, PROT_NONE) != 0) std::abort();
    }
    munmap(base + 3 * page, page);
    munmap(base, 8 * page);
  });
  run.join();
}

char* map_at(char* address, int flags) {
  return static_cast<char*>(
      mmap(address, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0));
}

// Addresses that were unmapped: what the kernel says to calls on them, and how they are mapped
// anew.
void unmapped_addresses(harness::Execution& run) {
  run.spawn("caller", [] {
    const auto must = [](bool holds) {
      if (!holds) std::abort();
    };
    char* base = map_at(nullptr, 0);
    must(base != MAP_FAILED && munmap(base, page) == 0);
    must(munmap(base, page) == 0);
    must(mprotect(base, page, PROT_READ) == -1 && errno == ENOMEM);
    must(madvise(base, page, MADV_DONTNEED) == -1 && errno == ENOMEM);
    must(mremap(base, page, 2 * page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
    for (const int flags : {MAP_FIXED_NOREPLACE, MAP_FIXED}) {
      must(map_at(base, flags) == base);
      must(base[5] == 0);
      base[5] = 1;
      must(munmap(base, page) == 0);
    }
    char* moved = map_at(nullptr, 0);
    moved[0] = 3;
    auto* larger = static_cast<char*>(mremap(moved, page, 4 * page, MREMAP_MAYMOVE));
    must(larger != MAP_FAILED && larger[0] == 3);
    larger[3 * page] = 4;
    must(munmap(larger, 4 * page) == 0);
  });
  run.join();
}

int counter = 0;
void count_unlocked(harness::Execution& run) {
  for (const char* name : {"one", "other"})
    run.spawn(name, [] {
      for (int i = 0; i < 1000; ++i) ++counter;
    });
  run.join();
}

void read_freed_heap(harness::Execution& run) {
  int* volatile number = new int(3);
  delete number;
  run.spawn("reader", [&] { counter = *number; });
  run.join();
}

void overflow_number(harness::Execution& run) {
  volatile int large = 0x7fffffff;
  run.spawn("adder", [&] { large = large + 1; });
  run.join();
}

volatile int endless = 1;
[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(depth);
  return endless != 0 ? recurse(depth + 1) + frame[0] : 0;
}

void run_one(harness::Execution& run, std::function<void()> body) {
  run.spawn("culprit", std::move(body));
  run.join();
}

using Play = std::function<void(harness::Execution&)>;
const std::map<std::string, Play, std::less<>>& programs() {
  static const std::map<std::string, Play, std::less<>> all = {
      {"broken-pool", [](harness::Execution& run) { pool(run, false); }},
      {"right-pool", [](harness::Execution& run) { pool(run, true); }},
      {"discard", discard},
      {"order-abc", [](harness::Execution& run) { order(run, "a1 b1 c1 a2 b2 c2 a3 b3 c3"); }},
      {"order-cba", [](harness::Execution& run) { order(run, "c1 b1 b2 b3 a1 a2 a3 c2 c3"); }},
      {"lock", lock},
      {"two-phases", two_phases},
      {"own-threads", own_threads},
      {"lock-orders", lock_orders},
      {"lock-orders-at-points", lock_orders_at_points},
      {"sleep-long", sleep_long},
      {"leak", leak},
      {"odd-calls", odd_calls},
      {"unmapped-addresses", unmapped_addresses},
      {"data-race", count_unlocked},
      {"freed-heap", read_freed_heap},
      {"overflow-number", overflow_number},
      {"null",
       [](harness::Execution& run) {
         run_one(run, [] { *reinterpret_cast<volatile int*>(8 * endless) = 1; });
       }},
      {"deep", [](harness::Execution& run) { run_one(run, [] { endless = recurse(0); }); }},
      {"abort", [](harness::Execution& run) { run_one(run, [] { std::abort(); }); }},
      {"exit", [](harness::Execution& run) { run_one(run, [] { _exit(3); }); }},
      {"assert",
       [](harness::Execution& run) {
         run_one(run, [] {
           const int one = endless;
           assert(one == 2);
         });
       }},
      {"throw",
       [](harness::Execution& run) {
         run_one(run, [] { throw std::runtime_error("no more paper"); });
       }},
      {"loop",
       [](harness::Execution& run) {
         run_one(run, [] {
           while (endless != 0) {
           }
         });
       }},
      {"figures",
       [](harness::Execution& run) {
         run_one(run, [] { harness::observe::counted("things done", 3, 3); });
         harness::observe::counted("things done", 2, 2);
         harness::observe::counted("things left", 0, 0);
       }},
      {"not-joined", [](harness::Execution& run) { run.spawn("idle", [] {}); }},
      {"same-name",
       [](harness::Execution& run) {
         run.spawn("twin", [] {});
         run.spawn("twin", [] {});
       }},
      {"bad-name", [](harness::Execution& run) { run.spawn("Two Words", [] {}); }},
      {"dice",
       [](harness::Execution& run) {
         std::string thrown;
         for (int i = 0; i < 8; ++i) thrown += std::to_string(run.random(6) + 1);
         if (run.random(1) != 0 || run.random(0) != 0) std::abort();
         harness::observe::violated("assertion", thrown.c_str());
       }},
  };
  return all;
}

std::vector<harness::Variant> variants() {
  std::vector<harness::Variant> all;
  for (const auto& [name, play] : programs()) all.push_back({name, "pass"});
  return all;
}

}  // namespace

HARNESS_SCENARIO({
    .name = "real_threads",
    .about = "programs for the tests of stress mode",
    .variants = variants(),
    .play = [](harness::Execution& run,
               std::string_view variant) { programs().find(variant)->second(run); },
});
