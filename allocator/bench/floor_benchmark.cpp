// What the machine itself takes for the least that a pool could do: two locked operations (layer
// 1), a stack of its own for each thread (layer 2), a lock.
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "allocator/bench/sources.hpp"

namespace {

void two_locked_operations(benchmark::State& state) {
  alignas(64) std::atomic<std::uint64_t> word{0};
  for (auto _ : state) {
    std::uint64_t seen = word.load(std::memory_order_relaxed);
    benchmark::DoNotOptimize(word.compare_exchange_strong(seen, seen | 1));
    seen = word.load(std::memory_order_relaxed);
    benchmark::DoNotOptimize(word.compare_exchange_strong(seen, seen & ~std::uint64_t{1}));
  }
}

// A window of slices out of a stack of addresses in memory, as in the rows of the pool, and nothing
// else. What one call has stored the next one loads, as it must be where calls are calls. On the
// heap like a cache: processors forward stores to the stack by shortcuts of their own.
struct Stack {
  std::size_t count = 0;
  std::array<std::byte*, 2 * bench::window_slices> slices{};
};

void plain_stack(benchmark::State& state) {
  std::vector<std::byte> memory(4096 * 2 * bench::window_slices);
  const auto on_heap = std::make_unique<Stack>();
  Stack& stack = *on_heap;
  for (std::size_t i = 0; i < stack.slices.size(); ++i)
    stack.slices[stack.count++] = &memory[4096 * i];
  std::array<std::byte*, bench::window_slices> window;
  for (auto& held : window) held = stack.slices[--stack.count];
  benchmark::DoNotOptimize(on_heap.get());
  benchmark::DoNotOptimize(window.data());
  std::size_t at = 0;
  for (auto _ : state) {
    stack.slices[stack.count++] = window[at];
    benchmark::ClobberMemory();
    window[at] = stack.slices[--stack.count];
    *window[at] = std::byte{1};
    benchmark::ClobberMemory();
    at = (at + 1) % window.size();
  }
}

void lock_and_unlock(benchmark::State& state) {
  std::mutex lock;
  for (auto _ : state) {
    lock.lock();
    benchmark::ClobberMemory();
    lock.unlock();
  }
}

BENCHMARK(two_locked_operations)->Name("floor/two_locked_operations");
BENCHMARK(plain_stack)->Name("floor/plain_stack");
BENCHMARK(lock_and_unlock)->Name("floor/mutex_pair");

}  // namespace
