// Schedule: the choices of one execution as text that a person can write and the tool prints.
//
//   reader@polled reclaimer reader  reader until it reaches the point "polled" (which is then its
//                                   next step), reclaimer until it ends or blocks, reader to the end
//   reader*4 reclaimer*3 reader     counted steps, as recorded
//   reader@leave:SlicePool::poll    until it has left (or, with enter:, entered) a function
//   reclaimer/1*2                   two steps taking alternative 1 (see Ready)
//   racy:program+0x12f4             no step: plain accesses at that place of that file are scheduling points
//
// Items are separated by white space and nothing else. Names of tasks and points hold letters,
// digits, '-', '_' and '.'; the name of a function goes on up to white space. Every item must move
// its task: by one step at least, or by none where it stands at its point already. Naming the same
// point again in the next item of that task means the next time it gets there.
//
// An alternative holds for every step of its item. A counted item needs it at each of them; the
// others take it where it is offered and the first one elsewhere.
//
// A task that is not yet there, or cannot run: while the text does not name "main", main runs until
// it blocks wherever an item's task cannot run yet. Where main cannot help either, the schedule does
// not fit. Nor does it where the task has ended, or where the execution ends before the text. After
// the last item the rest runs to the end, without preemption, lowest task first.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/engine/strategy.hpp"

namespace harness {

struct ScheduleItem {
  enum class Until : std::uint8_t { blocked, steps, point, enter, leave, racy };
  std::string task;
  Until until = Until::blocked;
  std::uint64_t steps = 0;  // for steps
  std::string label;        // for point, enter, leave; for racy the place, and no task then
  std::uint16_t alternative = 0;
  std::uint32_t column = 0;  // in the text, from 1; where it stands is no part of what it says
  friend bool operator==(const ScheduleItem& left, const ScheduleItem& right) {
    return left.task == right.task && left.until == right.until && left.steps == right.steps &&
           left.label == right.label && left.alternative == right.alternative;
  }
};

using Schedule = std::vector<ScheduleItem>;

// Throws UsageError with the column and what was expected there. The empty text is an error.
Schedule parse_schedule(std::string_view text);
std::string to_text(const Schedule& schedule);
std::string to_text(const ScheduleItem& item);
// The recorded form: counted steps. `names[id]` is the name of each task.
Schedule from_choices(std::span<const Choice> choices, std::span<const std::string> names);

}  // namespace harness
