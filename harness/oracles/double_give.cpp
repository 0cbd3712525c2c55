// double-give: a slice is handed out that overlaps one which another client still has.
#include <fmt/format.h>

#include "harness/oracles/each.hpp"
#include "harness/oracles/slices.hpp"
#include "harness/oracles/words.hpp"

namespace harness {
namespace {

class DoubleGive final : public Oracle {
 public:
  Ops watches() const override { return Slices::ops; }
  void begin() override { slices_.begin(); }

  std::optional<Violation> see(const Event& event) override {
    std::optional<Violation> found;
    if (event.op == Op::given) {
      const Range range = range_of(event);
      if (const Slices::Entry* other = slices_.out_in(range)) found = twice(*other, event);
    }
    slices_.see(event);
    return found;
  }

 private:
  static Violation twice(const Slices::Entry& other, const Event& event) {
    const Event& given = other.what.given;
    const bool same = given.object == event.object && given.bytes == event.bytes;
    return violation(
        "double-give",
        fmt::format("{} is given the slice {}, {} {} was given at step {} and still has",
                    mention(event.task), range_text(range_of(event)),
                    same ? "which" : "which overlaps " + range_text(other) + ", which",
                    mention(given.task), given.step),
        given, event);
  }

  Slices slices_;
};

}  // namespace

std::unique_ptr<Oracle> make_double_give() { return std::make_unique<DoubleGive>(); }

}  // namespace harness
