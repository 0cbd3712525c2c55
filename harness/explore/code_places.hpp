// Places in the code under test, by file and offset: what the plain accesses that a schedule counts as steps
// are called in its text. Holds for one build of the program.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/engine/schedule.hpp"
#include "harness/engine/shared.hpp"

namespace harness {

// The choices of an execution as text, with the plain accesses that counted as steps in it at the head. A
// place that lies in no loaded file is left out.
std::string schedule_text(std::span<const Choice> choices, std::span<const std::string> names,
                          std::span<const std::uint32_t> points);
// Takes the places out of `schedule`. Throws UsageError for one that is malformed or lies in a file that is
// not loaded.
std::vector<std::uint32_t> take_points(Schedule& schedule);
// Those of the execution that ran last.
std::vector<std::uint32_t> points_in_force(const Shared& shared);

}  // namespace harness
