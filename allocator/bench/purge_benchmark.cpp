// What a purge leaves and costs, and what it does to workers that go on meanwhile.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "allocator/bench/sources.hpp"
#include "allocator/virtual_memory.hpp"

namespace {

std::size_t resident_bytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  unsigned long size = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &size, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

// 64 MiB, every page touched, released, and taken back; only the purge is timed.
void purge(benchmark::State& state) {
  constexpr std::size_t bytes = std::size_t{64} << 20;
  allocator::SegmentPool pool({.budget_bytes = 2 * bytes});
  allocator::Cache cache = pool.make_cache();
  const auto class_bytes = static_cast<std::size_t>(state.range(0)) << 10;
  std::vector<allocator::Segment> segments(bytes / class_bytes);
  const std::size_t before = resident_bytes();
  std::size_t left = 0;
  std::size_t grown = 0;
  double seconds = 0;
  for (auto _ : state) {
    for (auto& segment : segments) {
      segment = cache.allocate(class_bytes);
      for (std::size_t at = 0; at < class_bytes; at += 4096) segment.data()[at] = std::byte{1};
    }
    for (auto& segment : segments) cache.release(std::move(segment));
    const auto start = std::chrono::steady_clock::now();
    pool.free_unused_regions();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(took.count());
    seconds += took.count();
    left = std::max(left, pool.statistics().mapped_bytes);
    grown = std::max(grown, std::max(resident_bytes(), before) - before);
  }
  state.counters["mapped_bytes_left"] = static_cast<double>(left);
  state.counters["resident_bytes_grown"] = static_cast<double>(grown);
  state.counters["us_per_page"] =
      seconds * 1e6 / static_cast<double>(state.iterations()) / (bytes / 4096);
}

// What the kernel takes for the same pages by itself.
void unmapping(benchmark::State& state) {
  constexpr std::size_t bytes = std::size_t{64} << 20;
  auto& system = allocator::system_memory();
  std::error_code error;
  std::byte* const base = system.reserve(bytes, error);
  double seconds = 0;
  for (auto _ : state) {
    if (error || system.commit(base, bytes)) return state.SkipWithError("no memory");
    for (std::size_t at = 0; at < bytes; at += 4096) base[at] = std::byte{1};
    const auto start = std::chrono::steady_clock::now();
    error = system.decommit(base, bytes);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(took.count());
    seconds += took.count();
  }
  state.counters["us_per_page"] =
      seconds * 1e6 / static_cast<double>(state.iterations()) / (bytes / 4096);
  static_cast<void>(system.release(base, bytes));
}

// Worker and purger of the row; pause in microseconds, -1: no purger.
void worker_beside_purger(benchmark::State& state) {
  allocator::SegmentPool pool(
      {.budget_bytes = std::size_t{256} << 20, .check = allocator::Check::none});
  allocator::Cache cache = pool.make_cache();
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> purges{0};
  std::thread purger([&] {
    if (state.range(0) < 0) return;
    const std::chrono::microseconds pause(state.range(0));
    while (!stop) {
      pool.free_unused_regions();
      ++purges;
      if (pause.count() > 0) std::this_thread::sleep_for(pause);
    }
  });
  std::vector<allocator::Segment> window(bench::window_slices);
  for (auto& segment : window) segment = cache.allocate(4096);
  std::size_t at = 0;
  for (auto _ : state) {
    cache.release(std::move(window[at]));
    window[at] = cache.allocate(4096);
    window[at].data()[0] = std::byte{1};
    benchmark::ClobberMemory();
    at = (at + 1) % window.size();
  }
  stop = true;
  purger.join();
  state.counters["purges"] = static_cast<double>(purges);
}

BENCHMARK(purge)->Name("purge/pool")->Arg(4)->Arg(256)->UseManualTime()->Iterations(8);
BENCHMARK(unmapping)->Name("purge/kernel")->UseManualTime()->Iterations(8);
BENCHMARK(worker_beside_purger)->Name("purge/worker")->Arg(-1)->Arg(100)->Arg(0);

}  // namespace
