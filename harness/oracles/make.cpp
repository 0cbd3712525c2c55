// The list of oracles and of rules. A new oracle is a file of its own, a line in each.hpp and a row
// here.
#include "harness/oracles/make.hpp"

#include <algorithm>

#include "harness/oracles/each.hpp"

namespace harness {
namespace {

constexpr const char* rules[] = {
    "accounting-drift",
    "assertion",
    "budget-exceeded",
    "crash",
    "data-race",
    "deadlock",
    "double-free",
    "double-give",
    "double-release",
    "exit-status",
    "freed-region-in-use",
    "heap-use-after-free",
    "invalid-free",
    "leak",
    "livelock",
    "lost-data",
    "use-after-close",
    "use-of-destroyed",
};

}  // namespace

std::vector<std::unique_ptr<Oracle>> make_oracles() {
  std::vector<std::unique_ptr<Oracle>> oracles;
  for (const auto make :
       {make_freed_region_in_use, make_use_after_close, make_double_give, make_double_release,
        make_lost_data, make_budget_exceeded, make_accounting_drift, make_leak, make_deadlock,
        make_assertion, make_crash})
    oracles.push_back(make());
  return oracles;
}

std::vector<std::string> rule_names() { return {std::begin(rules), std::end(rules)}; }

const char* find_rule(std::string_view name) {
  const auto found = std::find(std::begin(rules), std::end(rules), name);
  return found == std::end(rules) ? nullptr : *found;
}

}  // namespace harness
