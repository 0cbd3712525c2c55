// How make_oracles() reaches the oracles, a file each, named after its rule.
#pragma once

#include <memory>

#include "harness/engine/oracle.hpp"

namespace harness {

std::unique_ptr<Oracle> make_freed_region_in_use();
std::unique_ptr<Oracle> make_use_after_close();
std::unique_ptr<Oracle> make_double_give();
std::unique_ptr<Oracle> make_double_release();
std::unique_ptr<Oracle> make_lost_data();
std::unique_ptr<Oracle> make_budget_exceeded();
std::unique_ptr<Oracle> make_accounting_drift();
std::unique_ptr<Oracle> make_leak();
std::unique_ptr<Oracle> make_deadlock();
std::unique_ptr<Oracle> make_assertion();
std::unique_ptr<Oracle> make_crash();

}  // namespace harness
