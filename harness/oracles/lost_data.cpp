// lost-data: a slice holds something else than its owner had written.
#include <fmt/format.h>

#include "harness/oracles/each.hpp"
#include "harness/oracles/words.hpp"

namespace harness {
namespace {

class LostData final : public Oracle {
 public:
  Ops watches() const override { return Ops(Op::lost); }
  void begin() override {}

  std::optional<Violation> see(const Event& event) override {
    if (event.value == event.before) return {};
    return violation(
        "lost-data",
        fmt::format("{} finds {:#x} in the slice {}, where {:#x} had been written",
                    mention(event.task), event.value, mention_object(event.object), event.before),
        event);
  }
};

}  // namespace

std::unique_ptr<Oracle> make_lost_data() { return std::make_unique<LostData>(); }

}  // namespace harness
