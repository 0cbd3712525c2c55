// Nanoseconds for an allocate and release pair, first byte touched, with a window of live slices:
// the pool `claimed`, the C library, and the naive pool (a mutex and a vector) in one run. Rows
// compare within a run; absolute values drift from machine to machine.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "allocator/allocator.hpp"

namespace {

constexpr std::size_t slice_bytes = 4096;
constexpr std::size_t budget_bytes = std::size_t{64} << 20;
constexpr std::size_t window_slices = 32;

struct Claimed {
  std::unique_ptr<allocator::Pool> pool =
      allocator::make("claimed", {.budget_bytes = budget_bytes});
  std::byte* get() { return pool->allocate(slice_bytes).data(); }
  void put(std::byte* slice) { pool->release({slice, slice_bytes}); }
};

struct CLibrary {
  std::byte* get() { return static_cast<std::byte*>(std::malloc(slice_bytes)); }
  void put(std::byte* slice) { std::free(slice); }
};

class MutexAndVector {
 public:
  MutexAndVector() {
    for (std::size_t at = 0; at < memory_.size(); at += slice_bytes) free_.push_back(&memory_[at]);
  }
  std::byte* get() {
    const std::lock_guard hold(lock_);
    std::byte* const slice = free_.back();
    free_.pop_back();
    return slice;
  }
  void put(std::byte* slice) {
    const std::lock_guard hold(lock_);
    free_.push_back(slice);
  }

 private:
  std::vector<std::byte> memory_ = std::vector<std::byte>(std::size_t{16} << 20);
  std::mutex lock_;
  std::vector<std::byte*> free_;
};

template <typename Source>
void pair(benchmark::State& state) {
  static Source source;
  std::array<std::byte*, window_slices> window{};
  for (std::byte*& slice : window) slice = source.get();
  std::size_t at = 0;
  for (auto _ : state) {
    source.put(window[at]);
    window[at] = source.get();
    *window[at] = std::byte{1};
    benchmark::DoNotOptimize(window[at]);
    at = (at + 1) % window.size();
  }
  for (std::byte* slice : window) source.put(slice);
}

BENCHMARK_TEMPLATE(pair, Claimed)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK_TEMPLATE(pair, CLibrary)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK_TEMPLATE(pair, MutexAndVector)->ThreadRange(1, 2)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
