// The SARIF 2.1.0 form of a report (OASIS, "Static Analysis Results Interchange Format"), which
// code review tools show beside the source: a result per violation, its interleaving as a code
// flow.
#pragma once

#include <string>

#include "reports/verdict.hpp"

namespace reports {

// Violations that were expected have the level `note`, others `error`. Verdicts without one are
// left out.
std::string to_sarif(const Report& report);

}  // namespace reports
