// Programs that would take a careless tool down with them.
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>

#include "harness/scenario.hpp"

namespace {

volatile int endless = 1;

[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(depth);
  return endless != 0 ? recurse(depth + 1) + frame[0] : 0;
}

void free_twice() {
  void* volatile block = std::malloc(40);
  std::free(block);
  std::free(block);
}

void free_nothing() {
  static std::atomic<std::uintptr_t> address;
  address = reinterpret_cast<std::uintptr_t>(std::malloc(40)) + 16;
  std::free(reinterpret_cast<void*>(address.load()));
}

void overflow_heap() {
  auto* volatile block = static_cast<char*>(std::malloc(16));
  std::memset(block, 0x41, 1 << 16);
  for (int i = 0; i < 100; ++i) std::free(std::malloc(static_cast<std::size_t>(i) * 10));
}

void throw_out() { throw std::runtime_error("out of the task"); }

void loop_for_ever() {
  volatile bool for_ever = true;
  while (for_ever) {
  }
}

void many_steps() {
  std::atomic<unsigned> counter{0};
  for (;;) counter.fetch_add(1);
}

void null_call() {
  void (*volatile function)() = nullptr;
  function();
}

void divide() {
  volatile int zero = 0;
  std::exit(77 / zero);
}

void allocate_for_ever() {
  std::vector<void*> blocks;
  for (;;) {
    void* const block = std::malloc(1 << 20);
    if (block == nullptr) throw std::bad_alloc();
    blocks.push_back(block);
  }
}

void spawn_for_ever() {
  std::vector<std::thread> threads;
  for (;;) threads.emplace_back([] {});
}

const std::map<std::string_view, void (*)()> programs = {
    {"stack-overflow", [] { recurse(0); }},
    {"free-twice", free_twice},
    {"free-nothing", free_nothing},
    {"overflow-heap", overflow_heap},
    {"throw-out", throw_out},
    {"loop-for-ever", loop_for_ever},
    {"many-steps", many_steps},
    {"null-call", null_call},
    {"divide", divide},
    {"exit", [] { std::exit(0); }},
    {"underscore-exit", [] { _exit(0); }},
    {"abort", [] { std::abort(); }},
    {"terminate", [] { std::terminate(); }},
    {"raise", [] { std::raise(SIGSEGV); }},
    {"kill", [] { kill(getpid(), SIGKILL); }},
    {"allocate-for-ever", allocate_for_ever},
    {"spawn-for-ever", spawn_for_ever},
};

std::vector<harness::Variant> variants() {
  std::vector<harness::Variant> all;
  for (const auto& [name, program] : programs) {
    const bool passes = name == "overflow-heap";
    all.push_back({std::string(name), passes ? "pass" : "crash"});
  }
  return all;
}

}  // namespace

HARNESS_SCENARIO({
    .name = "hostile",
    .about = "programs that would take a careless tool down with them",
    .variants = variants(),
    .play =
        [](harness::Execution& run, std::string_view variant) {
          run.spawn("bystander", [] { std::atomic<int> x{0}; x.store(1); });
          run.spawn("culprit", [variant] { programs.at(variant)(); });
          run.join();
        },
});
