// random: picks uniformly among the ready entries. Any execution can be repeated without those
// before it.
#include "harness/strategies/draws.hpp"
#include "harness/strategies/each.hpp"

namespace harness {
namespace {

class Random final : public Strategy {
 public:
  explicit Random(Stream stream) : draws_(stream) {}

  bool begin(std::uint64_t execution) override {
    draws_.start(execution);
    return true;
  }

  std::size_t next(std::span<const Ready> ready, TaskId /*current*/) override {
    return ready.size() == 1 ? 0 : draws_.below(static_cast<std::uint32_t>(ready.size()));
  }

 private:
  Draws draws_;
};

}  // namespace

std::unique_ptr<Strategy> make_random(Stream stream) { return std::make_unique<Random>(stream); }

}  // namespace harness
