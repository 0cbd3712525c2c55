// A failing schedule in terms that survive changes to the code: not how many steps a task goes, but
// before which event it stops, told by its function. Used where a recorded schedule no longer fits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/explore/explore.hpp"
#include "reports/verdict.hpp"

namespace harness {

// A task goes on until it is about to do this; or, without an op, as far as it can.
struct Turn {
  std::string task;
  std::string op;                // as name_of(Op)
  std::string place;             // of a point its label, else the function
  std::uint32_t occurrence = 0;  // how many such events of the task are passed over
  friend bool operator==(const Turn&, const Turn&) = default;
};

// Of a violation that was confirmed, from its trace.
std::vector<Turn> turns_of(const reports::Verdict& verdict);

// Runs the turns once. The schedule that came of it in counted steps, if it violates `rule`; "" if
// it does not.
std::string adapt(const Scenario& scenario, const Variant& variant, const Options& options,
                  const std::vector<Turn>& turns, const std::string& rule);

}  // namespace harness
