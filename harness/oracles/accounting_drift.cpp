// accounting-drift: a counter says something else than counting anew. The scenario compares the two
// at moments at which nothing is under way.
#include <fmt/format.h>

#include "harness/oracles/each.hpp"
#include "harness/oracles/words.hpp"

namespace harness {
namespace {

class AccountingDrift final : public Oracle {
 public:
  Ops watches() const override { return Ops(Op::counted); }
  void begin() override {}

  std::optional<Violation> see(const Event& event) override {
    if (event.value == event.before) return {};
    return violation(
        "accounting-drift",
        fmt::format("{} says {}, counting anew gives {}", event.label ? event.label : "a counter",
                    event.value, event.before),
        event);
  }
};

}  // namespace

std::unique_ptr<Oracle> make_accounting_drift() { return std::make_unique<AccountingDrift>(); }

}  // namespace harness
