// random: picks uniformly among the ready entries. Every execution has a stream of its own, derived
// from the seed and its number alone, so that any execution can be repeated without those before
// it.
#include "harness/strategies/each.hpp"

namespace harness {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): one word of state, nothing to warm up.
constexpr std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;

class Random final : public Strategy {
 public:
  explicit Random(std::uint64_t seed) : seed_(mixed(seed + golden)) {}

  bool begin(std::uint64_t execution) override {
    state_ = mixed(seed_ ^ mixed(execution + golden));
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId /*current*/) override {
    return ready.size() == 1 ? 0 : below(static_cast<std::uint32_t>(ready.size()));
  }

 private:
  std::uint32_t draw() { return static_cast<std::uint32_t>(mixed(state_ += golden) >> 32); }

  // Without bias (Lemire 2019): a product that falls into the uneven rest is drawn again.
  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t product = std::uint64_t{draw()} * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t rest = -bound % bound;
      while (static_cast<std::uint32_t>(product) < rest) product = std::uint64_t{draw()} * bound;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

  std::uint64_t seed_;
  std::uint64_t state_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_random(std::uint64_t seed) { return std::make_unique<Random>(seed); }

}  // namespace harness
