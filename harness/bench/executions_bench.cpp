// Executions per second under the strategy `random`: of free-vs-alloc/claimed, the engine's fibers and, in the
// same run, alternating with them, the same bodies on pooled OS threads that hand over with futexes; and of s10,
// the program by which tools of this kind are compared. Each with data races looked for, and without.
//
//   build/release/bin/harness_bench
#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "harness/engine/fiber.hpp"
#include "harness/engine/loading.hpp"
#include "harness/explore/explore.hpp"

namespace {

using Clock = std::chrono::steady_clock;

const harness::Scenario& scenario(const std::string& name, const std::string& file) {
  for (const harness::Scenario& known : harness::registered_scenarios())
    if (known.name == name) return known;
  const auto plugins = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../lib";
  harness::begin_loading();
  const void* const handle = dlopen((plugins / file).c_str(), RTLD_NOW | RTLD_LOCAL);
  harness::end_loading();
  if (handle == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(2);
  }
  for (const harness::Scenario& known : harness::registered_scenarios())
    if (known.name == name) return known;
  std::exit(2);
}

// Executions per second, the worker's start and end included.
double rate(const harness::Scenario& program, const char* variant, std::uint64_t executions, bool threads,
            const char* data_races) {
  harness::make_fibers_threads(threads);
  harness::Options options;
  options.strategy = "random";
  options.data_races = data_races;
  options.executions = executions;
  for (const harness::Variant& candidate : program.variants) {
    if (candidate.name != variant) continue;
    const auto start = Clock::now();
    const reports::Verdict verdict = harness::explore(program, candidate, options);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (verdict.outcome != "pass" || verdict.executions != executions) {
      std::fprintf(stderr, "unexpected verdict: %s %s %s\n", verdict.outcome.c_str(), verdict.reason.c_str(),
                   verdict.violation ? verdict.violation->message.c_str() : "");
      std::exit(1);
    }
    return static_cast<double>(executions) / seconds;
  }
  std::exit(2);
}

// One iteration is one pair, so that both see the same weather.
void fibers_and_threads(benchmark::State& state) {
  const harness::Scenario& program = scenario("free-vs-alloc", "harness/free_vs_alloc.so");
  double watched = 0;
  double fibers = 0;
  double threads = 0;
  double ratios = 0;
  for (auto _ : state) {
    watched += rate(program, "claimed", 200'000, false, "report");
    const double fiber_rate = rate(program, "claimed", 300'000, false, "off");
    const double thread_rate = rate(program, "claimed", 4'000, true, "off");
    fibers += fiber_rate;
    threads += thread_rate;
    ratios += fiber_rate / thread_rate;
  }
  const auto pairs = static_cast<double>(state.iterations());
  state.counters["fibers/s"] = fibers / pairs;
  state.counters["with races/s"] = watched / pairs;
  state.counters["threads/s"] = threads / pairs;
  state.counters["ratio"] = ratios / pairs;
}

void s10(benchmark::State& state) {
  const harness::Scenario& program = scenario("s10", "harness-bench/steps.so");
  double watched = 0;
  double unwatched = 0;
  for (auto _ : state) {
    watched += rate(program, "std", 500'000, false, "report");
    unwatched += rate(program, "std", 500'000, false, "off");
  }
  const auto pairs = static_cast<double>(state.iterations());
  state.counters["fibers/s"] = unwatched / pairs;
  state.counters["with races/s"] = watched / pairs;
}

BENCHMARK(fibers_and_threads)->Iterations(5)->Unit(benchmark::kMillisecond)->Repetitions(3);
BENCHMARK(s10)->Iterations(3)->Unit(benchmark::kMillisecond)->Repetitions(3);

}  // namespace

BENCHMARK_MAIN();
