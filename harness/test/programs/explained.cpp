// Small programs whose failing orders are known, for the tests of shrinking and explaining.
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>

#undef NDEBUG
#include <cassert>

#include "harness/scenario.hpp"

namespace {

// Steps that have nothing to do with anything.
void spawn_bystanders(harness::Execution& run) {
  static std::array<std::atomic<int>, 3> own;
  for (std::size_t i = 0; i < own.size(); ++i)
    run.spawn("bystander-" + std::to_string(i), [i] {
      for (int step = 0; step < 5; ++step) own[i].store(step);
    });
}

std::atomic<bool> busy;
std::atomic<int> inside;

// The environment stands for what a programmer does to the code between two runs.
void changed_code() {
  static std::atomic<int> more;
  if (std::getenv("MORE_STEPS") != nullptr)
    for (int step = 0; step < 3; ++step)
      if (more.fetch_add(1) < 0) std::abort();  // what nobody reads, a compiler leaves out
}

// Wrong where both look before either has marked the place as taken.
void enter(void (*fail)()) {
  changed_code();
  if (std::getenv("REPAIRED") != nullptr) return;
  if (busy.load()) return;
  busy.store(true);
  if (inside.fetch_add(1) > 0) fail();
}

void check_then_act(harness::Execution& run, void (*fail)()) {
  spawn_bystanders(run);
  for (const char* name : {"first", "second"}) run.spawn(name, [fail] { enter(fail); });
  run.join();
}

void exchange(harness::Execution& run) {
  spawn_bystanders(run);
  for (const char* name : {"first", "second"})
    run.spawn(name, [] {
      if (!busy.exchange(true)) assert(inside.fetch_add(1) == 0);
    });
  run.join();
}

void always(harness::Execution& run) {
  spawn_bystanders(run);
  run.spawn("wrong", [] { assert(inside.fetch_add(1) == 1); });
  run.join();
}

// What one adds is lost where both read before either writes. Noticed when all have ended.
void lost_update(harness::Execution& run) {
  for (const char* name : {"first", "second"})
    run.spawn(name, [] {
      const int read = inside.load();
      inside.store(read + 1);
    });
  run.join();
  assert(inside.load() == 2);
}

// Two assertions, of which the other one fails more easily.
void two_places(harness::Execution& run) {
  run.spawn("first", [] {
    inside.store(1);
    inside.store(0);
    inside.store(2);
    inside.store(0);
  });
  run.spawn("second", [] {
    const int seen = inside.load();
    if (seen == 1) assert(!"one");
    if (seen == 2) [] { assert(!"two"); }();
  });
  run.join();
}

void play(harness::Execution& run, std::string_view variant) {
  busy = false;
  inside = 0;
  if (variant == "check-then-act") check_then_act(run, [] { assert(!"two are inside"); });
  if (variant == "looks-right") check_then_act(run, [] { assert(!"two are inside"); });
  if (variant == "crash") check_then_act(run, [] { *static_cast<volatile int*>(nullptr) = 1; });
  if (variant == "exit") check_then_act(run, [] { syscall(231, 3); });
  if (variant == "exchange") exchange(run);
  if (variant == "always") always(run);
  if (variant == "lost-update") lost_update(run);
  if (variant == "two-places") two_places(run);
}

}  // namespace

HARNESS_SCENARIO({
    .name = "explained",
    .about = "small programs whose failing orders are known",
    .variants = {{"check-then-act", "assertion"},
                 {"looks-right", "pass"},
                 {"crash", "crash"},
                 {"exit", "crash"},
                 {"exchange", "pass"},
                 {"always", "assertion"},
                 {"lost-update", "assertion"},
                 {"two-places", "assertion"}},
    .play = play,
});
