// assertion: an assert() of the program failed; and every rule of which the scenario itself says
// that it was broken. One that does not exist is told as an assertion.
#include <fmt/format.h>

#include <string_view>

#include "harness/oracles/each.hpp"
#include "harness/oracles/make.hpp"
#include "harness/oracles/words.hpp"

namespace harness {
namespace {

constexpr const char* own_rule = "assertion";

class Assertion final : public Oracle {
 public:
  Ops watches() const override { return Ops(Op::aborted, Op::violated); }
  void begin() override {}

  std::optional<Violation> see(const Event& event) override {
    if (event.op == Op::violated) return objection(event);
    return violation(own_rule,
                     fmt::format("an assertion of {} failed: {}", mention(event.task),
                                 event.label ? event.label : "no text"),
                     event);
  }

 private:
  static Violation objection(const Event& event) {
    const std::string_view name = event.label ? event.label : own_rule;
    const char* text = reinterpret_cast<const char*>(event.object);
    std::string message = text && *text ? text : "the scenario objects (" + std::string(name) + ")";
    const char* known = find_rule(name);
    if (!known) message += fmt::format(" (rule '{}', which does not exist)", name);
    Violation result = violation(known ? known : own_rule, std::move(message), event);
    result.freed_region = name == "freed-region-in-use";
    return result;
  }
};

}  // namespace

std::unique_ptr<Oracle> make_assertion() { return std::make_unique<Assertion>(); }

}  // namespace harness
