// Random numbers for strategies. Every execution has a stream of its own, derived from the seed and
// its number alone, so that any execution can be repeated without those before it, on any machine.
#pragma once

#include <cstdint>

namespace harness {

// Where the numbers of a search come from: a seed, and which part of the search this is. Part i of n
// has the executions i, i + n, i + 2n, ... of the whole, so that together they draw what one would.
struct Stream {
  std::uint64_t seed = 1;
  std::uint64_t part = 0;
  std::uint64_t parts = 1;
};

class Draws {
 public:
  explicit Draws(Stream stream) : stream_(stream), seed_(mixed(stream.seed + golden)) {}

  void start(std::uint64_t execution) {
    state_ = mixed(seed_ ^ mixed(execution * stream_.parts + stream_.part + golden));
  }

  std::uint64_t word() { return mixed(state_ += golden); }

  // Below `bound`, without bias (Lemire 2019): a product that falls into the uneven rest is drawn
  // again.
  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t product = (word() >> 32) * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t rest = -bound % bound;
      while (static_cast<std::uint32_t>(product) < rest) product = (word() >> 32) * bound;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;

  // The finaliser of SplitMix64 (Steele, Lea, Flood 2014): one word of state, nothing to warm up.
  static constexpr std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

  Stream stream_;
  std::uint64_t seed_;
  std::uint64_t state_ = 0;
};

}  // namespace harness
