// Places in the code under test, by file and offset: what the plain accesses that a schedule counts as steps
// are called in its text. Holds for one build of the program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/engine/plain_points.hpp"
#include "harness/engine/schedule.hpp"

namespace harness {

// The first `count` places, as items for the head of a schedule. What lies in no loaded file is left out.
Schedule as_items(const SharedPoints& points, std::uint32_t count);
// Takes such items out of `schedule`, and makes them `points`. Throws UsageError for a place that is malformed
// or lies in a file that is not loaded.
void take_places(Schedule& schedule, SharedPoints& points);

}  // namespace harness
