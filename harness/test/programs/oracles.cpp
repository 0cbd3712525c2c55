// For each rule a tiny program that breaks it, and one close to it that does not.
#include <sys/mman.h>

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#undef NDEBUG
#include <cassert>

#include "harness/observe.hpp"
#include "harness/point.hpp"
#include "harness/scenario.hpp"

namespace {

namespace observe = harness::observe;
constexpr std::size_t page = 4096;

std::byte* map(std::size_t bytes = page) {
  void* const block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert(block != MAP_FAILED);
  return static_cast<std::byte*>(block);
}

using Body = void (*)(harness::Execution&, bool wrong);

// One task writes, another unmaps: wrong without a lock that makes it the other's business.
void freed_region(harness::Execution& run, bool wrong) {
  std::byte* const block = map();
  static std::atomic<bool> done;
  run.spawn("writer", [block] {
    block[0] = std::byte{1};
    done.store(true);
    done.notify_all();
  });
  run.spawn("unmapper", [block, wrong] {
    if (!wrong) done.wait(false);
    munmap(block, page);
  });
  run.join();
}

// libc, which is not instrumented, does the access.
void freed_region_from_libc(harness::Execution& run, bool wrong) {
  char* const block = reinterpret_cast<char*>(map());
  run.spawn("reader", [block, wrong] {
    std::snprintf(block, page, "%d", 42);
    munmap(block, page);
    if (wrong) static_cast<void>(std::strtol(block, nullptr, 10));
  });
  run.join();
}

// Discarded with a slice out, nobody ever touches it again.
void discarded_untouched(harness::Execution& run, bool wrong) {
  std::byte* const block = map(2 * page);
  run.spawn("owner", [block, wrong] {
    observe::given(block, block, page);
    madvise(block + (wrong ? 0 : page), page, MADV_DONTNEED);
    observe::returning(block);
    observe::returned(block, true);
    munmap(block, 2 * page);
  });
  run.join();
}

void use_after_close(harness::Execution& run, bool wrong) {
  int pool = 0;
  std::byte* const block = map();
  run.spawn("client", [&pool, block, wrong] {
    if (wrong) observe::pool_closed(&pool);
    observe::asked(&pool);
    observe::given(&pool, block, 64);
    observe::returning(block);
    observe::returned(block, true);
    if (!wrong) observe::pool_closed(&pool);
  });
  run.join();
  munmap(block, page);
}

void arena_closed(harness::Execution& run, bool wrong) {
  std::byte* const block = map();
  run.spawn("owner", [block, wrong] {
    if (!wrong) block[0] = std::byte{1};
    harness::closed(block, page);
    if (wrong) block[0] = std::byte{1};
    munmap(block, page);
  });
  run.join();
}

void double_give(harness::Execution& run, bool wrong) {
  std::byte* const block = map();
  for (const int client : {0, 1})
    run.spawn("client-" + std::to_string(client), [=] {
      std::byte* const slice = block + (wrong ? 0 : client * 64);
      observe::given(block, slice, 64);
      harness::point("holding");
      observe::returning(slice);
      observe::returned(slice, true);
    });
  run.join();
  munmap(block, page);
}

void double_release(harness::Execution& run, bool wrong) {
  std::byte* const block = map();
  run.spawn("client", [=] {
    observe::given(block, block, 64);
    for (const bool accepted : {true, wrong}) {
      observe::returning(block);
      observe::returned(block, accepted);
    }
  });
  run.join();
  munmap(block, page);
}

void lost_data(harness::Execution& run, bool wrong) {
  run.spawn("client", [=] {
    if (wrong) observe::lost("slice", 1, 2);
  });
  run.join();
}

void budget_exceeded(harness::Execution& run, bool wrong) {
  int pool = 0;
  observe::budget(&pool, wrong ? page : 2 * page);
  run.spawn("mapper", [] {
    std::byte* const first = map();
    std::byte* const second = map();
    munmap(first, page);
    munmap(second, page);
  });
  run.join();
}

void accounting_drift(harness::Execution&, bool wrong) { observe::counted("free slices", 8, wrong ? 7 : 8); }

void leak(harness::Execution& run, bool wrong) {
  run.spawn("mapper", [=] {
    std::byte* const block = map();
    if (!wrong) munmap(block, page);
  });
  run.join();
}

void deadlock(harness::Execution& run, bool wrong) {
  static std::mutex first;
  static std::mutex second;
  run.spawn("one", [] {
    const std::lock_guard a(first);
    const std::lock_guard b(second);
  });
  run.spawn("other", [=] {
    const std::lock_guard a(wrong ? second : first);
    const std::lock_guard b(wrong ? first : second);
  });
  run.join();
}

void livelock(harness::Execution& run, bool wrong) {
  static std::atomic<bool> flag;
  run.spawn("waiter", [] {
    while (!flag.load()) {
    }
  });
  run.spawn("setter", [=] {
    if (!wrong) flag.store(true);
  });
  run.join();
}

void crash(harness::Execution& run, bool wrong) {
  static std::atomic<int*> pointer;
  static int value;
  pointer.store(&value);
  run.spawn("reader", [] { *pointer.load() = 1; });
  run.spawn("clearer", [=] { pointer.store(wrong ? nullptr : &value); });
  run.join();
}

void assertion(harness::Execution& run, bool wrong) {
  static std::atomic<int> counter;
  for (const char* name : {"first", "second"})
    run.spawn(name, [=] {
      if (wrong)
        counter.store(counter.load() + 1);
      else
        counter.fetch_add(1);
    });
  run.join();
  assert(counter == 2);
}

struct Program {
  const char* rule;
  Body body;
};

const std::map<std::string, Program> programs = {
    {"freed-region", {"freed-region-in-use", freed_region}},
    {"freed-region-from-libc", {"freed-region-in-use", freed_region_from_libc}},
    {"discarded-untouched", {"freed-region-in-use", discarded_untouched}},
    {"use-after-close", {"use-after-close", use_after_close}},
    {"arena-closed", {"use-after-close", arena_closed}},
    {"double-give", {"double-give", double_give}},
    {"double-release", {"double-release", double_release}},
    {"lost-data", {"lost-data", lost_data}},
    {"budget-exceeded", {"budget-exceeded", budget_exceeded}},
    {"accounting-drift", {"accounting-drift", accounting_drift}},
    {"leak", {"leak", leak}},
    {"deadlock", {"deadlock", deadlock}},
    {"livelock", {"livelock", livelock}},
    {"crash", {"crash", crash}},
    {"assertion", {"assertion", assertion}},
};

std::vector<harness::Variant> variants() {
  std::vector<harness::Variant> all;
  for (const auto& [name, program] : programs) {
    all.push_back({name, program.rule});
    all.push_back({name + "-not", "pass"});
  }
  return all;
}

void play(harness::Execution& run, std::string_view variant) {
  const bool wrong = !variant.ends_with("-not");
  if (!wrong) variant.remove_suffix(4);
  programs.at(std::string(variant)).body(run, wrong);
}

}  // namespace

HARNESS_SCENARIO({
    .name = "oracles",
    .about = "for each rule a program that breaks it and one that does not",
    .variants = variants(),
    .play = play,
});
