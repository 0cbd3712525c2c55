// Replay of a schedule that a person wrote or the tool printed: which item it is at, when an item
// is done, and where the program does not fit. What is then said stands in replay_messages.cpp.
#include <algorithm>

#include "harness/strategies/function_name.hpp"
#include "harness/strategies/make.hpp"

namespace harness {

using Until = ScheduleItem::Until;

Replay::Replay(Schedule schedule, NameOf name_of, BlockedAt blocked_at)
    : schedule_(std::move(schedule)),
      name_of_(std::move(name_of)),
      blocked_at_(std::move(blocked_at)) {
  names_main_ = std::any_of(schedule_.begin(), schedule_.end(),
                            [](const ScheduleItem& item) { return item.task == "main"; });
}

bool Replay::begin(std::uint64_t /*execution*/) {
  item_ = 0;
  taken_ = 0;
  step_ = 0;
  main_helps_ = false;
  seen_.clear();
  on_its_way_.clear();
  diverged_.clear();
  return true;
}

std::size_t Replay::next(std::span<const Ready> ready, TaskId current) {
  ++step_;
  const std::size_t chosen = choose(ready, current);
  remember(ready, chosen);
  return chosen;
}

void Replay::completed() {
  if (!diverged_.empty()) return;
  if (item_ < schedule_.size() && schedule_[item_].until == Until::blocked && taken_ > 0) go_on();
  if (item_ < schedule_.size()) diverge_at_end(schedule_[item_]);
}

// The running task is asked about the outcome of a step that it is in the middle of (which address
// a mapping gets, which waiter is notified), and nobody else can have a turn.
static bool asks_for_outcome(std::span<const Ready> ready, TaskId current) {
  return ready.size() > 1 && ready.front().task == current && ready.back().task == current;
}

std::size_t Replay::choose(std::span<const Ready> ready, TaskId current) {
  while (diverged_.empty() && item_ < schedule_.size()) {
    main_helps_ = main_helps_ && ready.front().task == 0;
    if (main_helps_) return 0;
    const ScheduleItem& item = schedule_[item_];
    const Entries entries = entries_of(item.task, ready);
    if (!entries.empty()) {
      if (!arrived(item, ready[entries.first].event)) return take(item, ready, entries);
      go_on();
    } else if (item.until == Until::blocked && taken_ > 0) {
      go_on();
    } else if (asks_for_outcome(ready, current)) {
      return 0;
    } else if (!names_main_ && ready.front().task == 0 && !has_ended(id_of(item.task))) {
      main_helps_ = true;
    } else {
      diverge(item, why_not_ready(item), ready);
    }
  }
  return without_preemption(ready, current);
}

// One step of the item.
std::size_t Replay::take(const ScheduleItem& item, std::span<const Ready> ready, Entries entries) {
  std::size_t chosen = entries.first;
  while (chosen < entries.last && ready[chosen].event.alternative != item.alternative) ++chosen;
  if (chosen == entries.last) {
    if (item.alternative != 0 && item.until == Until::steps)
      diverge(item, which_alternatives(ready.subspan(entries.first, entries.last - entries.first)),
              ready);
    chosen = entries.first;
  }
  const Event& event = ready[chosen].event;
  if (item.until == Until::point && event.op == Op::point && event.label)
    on_its_way_.emplace_back(event.label);
  if (++taken_ == item.steps && item.until == Until::steps) go_on();
  return chosen;
}

Replay::Entries Replay::entries_of(std::string_view task, std::span<const Ready> ready) const {
  Entries entries{0, 0};
  while (entries.first < ready.size() && name_of_(ready[entries.first].task) != task)
    ++entries.first;
  entries.last = entries.first;
  while (entries.last < ready.size() && ready[entries.last].task == ready[entries.first].task)
    ++entries.last;
  return entries;
}

// The item's task stands where the item ends.
bool Replay::arrived(const ScheduleItem& item, const Event& pending) const {
  const char* label = pending.label ? pending.label : "";
  bool there = false;
  if (item.until == Until::point) there = pending.op == Op::point && item.label == label;
  if (item.until == Until::enter)
    there = pending.op == Op::enter && names_function(item.label, label);
  if (item.until == Until::leave)
    there = pending.op == Op::leave && names_function(item.label, label);
  return there && (taken_ > 0 || !stopped_there_before());
}

// The task's last item left it here: this one means the next time.
bool Replay::stopped_there_before() const {
  const ScheduleItem& item = schedule_[item_];
  for (std::size_t i = item_; i-- > 0;) {
    const ScheduleItem& before = schedule_[i];
    if (before.task == item.task) return before.until == item.until && before.label == item.label;
  }
  return false;
}

void Replay::go_on() {
  ++item_;
  taken_ = 0;
  on_its_way_.clear();
}

void Replay::remember(std::span<const Ready> ready, std::size_t chosen) {
  for (const Ready& entry : ready) {
    Seen& task = seen(entry.task);
    task.ready_at = step_;
    task.pending = entry.event.op;
  }
  const Ready& ran = ready[chosen];
  Seen& task = seen(ran.task);
  task.ran_at = step_;
  task.ran = ran.event.op;
}

Replay::Seen& Replay::seen(TaskId task) {
  if (task >= seen_.size()) seen_.resize(std::size_t{task} + 1);
  return seen_[task];
}

TaskId Replay::id_of(std::string_view task) const {
  for (TaskId id = 0; id < no_task; ++id) {
    const std::string_view name = name_of_(id);
    if (name.empty()) break;
    if (name == task) return id;
  }
  return no_task;
}

bool Replay::has_ended(TaskId task) const {
  return task != no_task && blocked_at_ && blocked_at_(task) == Op::end;
}

}  // namespace harness
