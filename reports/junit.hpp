// The JUnit XML form of a report, for the test tables of CI servers: a test suite per scenario, a
// test case per variant. A verdict that is not as expected is a failure, `error` an error.
#pragma once

#include <string>

#include "reports/verdict.hpp"

namespace reports {

std::string to_junit(const Report& report);

}  // namespace reports
