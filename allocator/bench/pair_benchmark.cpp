// Nanoseconds for an allocation and a release, with a window of live slices and the first byte
// touched: same thread, one class or random ones; and from a producer to a consumer. Rows are named
// row/source, so that compare.py can put them together.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "allocator/bench/sources.hpp"

namespace {

using namespace bench;
using allocator::Check;

template <typename Source>
void same_class(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(0)) << 10;
  Source source;
  std::array<typename Source::Held, window_slices> window;
  for (auto& held : window) held = source.get(bytes);
  std::size_t at = 0;
  for (auto _ : state) {
    source.put(window[at]);
    window[at] = source.get(bytes);
    *Source::address(window[at]) = std::byte{1};
    benchmark::ClobberMemory();
    at = (at + 1) % window.size();
  }
  for (auto& held : window) source.put(held);
}

// The same numbers in every row; made beforehand, so that only the look-up is in the row.
std::vector<std::uint32_t> random_sizes() {
  std::vector<std::uint32_t> sizes(4096);
  std::uint64_t number = 88172645463325252;
  for (std::uint32_t& bytes : sizes) {
    number ^= number << 13;
    number ^= number >> 7;
    number ^= number << 17;
    bytes = static_cast<std::uint32_t>(allocator::size_classes[number % 7]);
  }
  return sizes;
}

template <typename Source>
void random_class(benchmark::State& state) {
  const std::vector<std::uint32_t> sizes = random_sizes();
  Source source;
  std::array<typename Source::Held, window_slices> window;
  for (std::size_t i = 0; i < window.size(); ++i) window[i] = source.get(sizes[i]);
  std::size_t at = 0;
  for (auto _ : state) {
    auto& held = window[at % window.size()];
    source.put(held);
    held = source.get(sizes[at % sizes.size()]);
    *Source::address(held) = std::byte{1};
    benchmark::ClobberMemory();
    ++at;
  }
  for (auto& held : window) source.put(held);
}

// A ring between two threads; each tells the other how far it is once every 64 slices, so that the
// ring itself costs little (see floor/ring).
template <typename Held>
struct Ring {
  static constexpr std::size_t slots = 1024;
  static constexpr std::size_t batch = 64;
  std::vector<Held> held = std::vector<Held>(slots);
  alignas(64) std::atomic<std::size_t> written{0};
  alignas(64) std::atomic<std::size_t> read{0};
};

template <typename Reached>
void wait_until(Reached reached) {
  for (int i = 0; !reached(); ++i) {
    if (i % 64 == 63) std::this_thread::yield();
  }
}

template <typename Source>
void producer_consumer(benchmark::State& state) {
  using TheRing = Ring<typename Source::Held>;
  static TheRing* ring = nullptr;
  if (state.thread_index() == 0) ring = new TheRing;
  Source source;
  std::size_t at = 0;
  const bool produces = state.thread_index() == 0;
  const auto last = static_cast<std::size_t>(state.max_iterations);
  for (auto _ : state) {
    if (at % TheRing::batch == 0) {
      if (produces) {
        ring->written.store(at, std::memory_order_release);
        wait_until([&] {
          return at + TheRing::batch - ring->read.load(std::memory_order_acquire) <= TheRing::slots;
        });
      } else {
        ring->read.store(at, std::memory_order_release);
        const std::size_t end = std::min(at + TheRing::batch, last);
        wait_until([&] { return ring->written.load(std::memory_order_acquire) >= end; });
      }
    }
    auto& held = ring->held[at % TheRing::slots];
    if (produces) {
      held = source.get(4096);
      *Source::address(held) = std::byte{1};
      benchmark::ClobberMemory();
      if (at + 1 == last) ring->written.store(at + 1, std::memory_order_release);
    } else {
      source.put(held);
    }
    ++at;
  }
  if (produces) delete ring;
}

// No memory is allocated: what the ring and the touch cost.
class Nothing {
 public:
  using Held = std::byte*;
  Held get(std::size_t) { return &slices_[4096 * (at_++ % 64)]; }
  void put(Held& held) { benchmark::DoNotOptimize(held); }
  static std::byte* address(Held held) { return held; }

 private:
  std::vector<std::byte> slices_ = std::vector<std::byte>(64 * 4096);
  std::size_t at_ = 0;
};

template <typename Source>
void rows_of(const std::string& name) {
  for (const int kib : {4, 16, 64, 256}) {
    for (const int threads : {1, 2}) {
      benchmark::RegisterBenchmark(("same/" + name).c_str(), same_class<Source>)
          ->Arg(kib)
          ->Threads(threads);
    }
  }
  for (const int threads : {4, 8}) {
    benchmark::RegisterBenchmark(("same/" + name).c_str(), same_class<Source>)
        ->Arg(4)
        ->Threads(threads);
  }
  for (const int threads : {1, 2}) {
    benchmark::RegisterBenchmark(("random/" + name).c_str(), random_class<Source>)
        ->Threads(threads);
  }
  benchmark::RegisterBenchmark(("producer_consumer/" + name).c_str(), producer_consumer<Source>)
      ->Threads(2);
}

const bool registered = [] {
  rows_of<Handles<Check::none>>("handle");
  rows_of<Handles<Check::sequential>>("handle-sequential");
  rows_of<Handles<Check::exact>>("handle-exact");
  rows_of<Addresses<Check::none>>("address");
  rows_of<Addresses<Check::sequential>>("address-sequential");
  rows_of<Addresses<Check::exact>>("address-exact");
  rows_of<Beneath>("layer-1");
  rows_of<Naive>("naive");
  rows_of<CLibrary>("malloc");
  benchmark::RegisterBenchmark("floor/ring", producer_consumer<Nothing>)->Threads(2);
  return true;
}();

}  // namespace

BENCHMARK_MAIN();
