// What Replay says where a schedule and the program part: which step, what the text wants, why it
// cannot be had, and who could run instead.
#include <fmt/format.h>

#include "harness/engine/nearest.hpp"
#include "harness/strategies/make.hpp"

namespace harness {

using Until = ScheduleItem::Until;

void Replay::diverge(const ScheduleItem& item, std::string_view what,
                     std::span<const Ready> ready) {
  if (!diverged_.empty()) return;
  diverged_ = fmt::format("at step {} the schedule wants '{}' (column {}), {}; ready: {}", step_,
                          to_text(item), item.column, what, ready_text(ready, name_of_));
}

void Replay::diverge_at_end(const ScheduleItem& item) {
  std::string why = "and all tasks have ended";
  if (taken_ > 0) why = fmt::format("which ended {}", how_far(item));
  if (taken_ == 0 && id_of(item.task) == no_task) why = does_not_exist(item.task);
  diverged_ = fmt::format("after step {}, the last one, the schedule wants '{}' (column {}), {}",
                          step_, to_text(item), item.column, why);
}

std::string Replay::why_not_ready(const ScheduleItem& item) const {
  const TaskId id = id_of(item.task);
  if (id == no_task) return does_not_exist(item.task);
  if (has_ended(id)) return taken_ > 0 ? "which ended " + how_far(item) : "which has ended";
  const Seen task = id < seen_.size() ? seen_[id] : Seen{};
  std::string text = "which cannot run yet";
  if (blocked_at_)
    text = fmt::format("which is blocked ({})", harness::name_of(blocked_at_(id)));
  else if (task.ready_at > task.ran_at)
    text = fmt::format("which is blocked ({})", harness::name_of(task.pending));
  else if (task.ran_at > 0)
    text = fmt::format("which has ended or is blocked since its step {} ({})", task.ran_at,
                       harness::name_of(task.ran));
  return taken_ > 0 ? text + " " + how_far(item) : text;
}

std::string Replay::how_far(const ScheduleItem& item) const {
  switch (item.until) {
    case Until::blocked:
    case Until::racy:  // never an item of its own, see explore/code_places.hpp
      break;
    case Until::steps:
      return fmt::format("after {} of {} steps", taken_, item.steps);
    case Until::enter:
      return "before it entered that function";
    case Until::leave:
      return "before it left that function";
    case Until::point: {
      if (on_its_way_.empty()) return "before it reached that point, or any other";
      const std::string near = nearest(item.label, on_its_way_);
      const std::string hint = near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
      return fmt::format("before it reached that point (it came by '{}'{})",
                         fmt::join(on_its_way_, "', '"), hint);
    }
  }
  return fmt::format("after {} steps", taken_);
}

std::string Replay::does_not_exist(std::string_view task) const {
  std::vector<std::string> names;
  for (TaskId id = 0; id < no_task && !name_of_(id).empty(); ++id) names.emplace_back(name_of_(id));
  const std::string near = nearest(task, names);
  return near.empty() ? "which does not exist"
                      : fmt::format("which does not exist (did you mean '{}'?)", near);
}

std::string Replay::which_alternatives(std::span<const Ready> offered) const {
  std::string text;
  for (const Ready& entry : offered)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", entry.event.alternative);
  return fmt::format("which has alternative {} only", text);
}

}  // namespace harness
