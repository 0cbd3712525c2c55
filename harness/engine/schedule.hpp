// Schedule: the choices of one execution as text that a person can write and the tool prints.
//
//   reader@polled reclaimer reader      reader until it reaches the point "polled" (which is then its next
//                                       step), reclaimer until it ends or blocks, reader to the end
//   reader*4 reclaimer*3 reader         counted steps, as recorded
//   reader@leave:SlicePool::poll        until it has left (or, with enter:, entered) a function
//   reclaimer/1*2                       two steps taking alternative 1 (see Ready)
//
// A task that is not yet there, or cannot run: while the text does not name "main", main runs until it
// blocks wherever an item's task cannot run yet. After the last item the rest runs to the end, without
// preemption, lowest task first.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/engine/strategy.hpp"

namespace harness {

struct ScheduleItem {
  enum class Until : std::uint8_t { blocked, steps, point, enter, leave };
  std::string task;
  Until until = Until::blocked;
  std::uint64_t steps = 0;       // for steps
  std::string label;             // for point, enter, leave
  std::uint16_t alternative = 0;
  std::uint32_t column = 0;      // in the text, from 1
  friend bool operator==(const ScheduleItem&, const ScheduleItem&) = default;
};

using Schedule = std::vector<ScheduleItem>;

// Throws UsageError with the column and what was expected there. The empty text is an error.
Schedule parse_schedule(std::string_view text);
std::string to_text(const Schedule& schedule);
// The recorded form: counted steps. `names[id]` is the name of each task.
Schedule from_choices(std::span<const Choice> choices, std::span<const std::string> names);

}  // namespace harness
