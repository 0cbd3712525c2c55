// The controller that hands the turn from task to task along a schedule, and what is said where the
// schedule does not fit; see driver.hpp.
#include "harness/stress/driver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "harness/engine/errors.hpp"
#include "harness/engine/nearest.hpp"
#include "harness/stress/invisible.hpp"
#include "harness/stress/sanitizer.hpp"
#include "harness/stress/sleepers.hpp"

namespace harness::stress_mode {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t blocked_after_ns = 20 * ms;
constexpr std::int64_t hopeless_after_ns =
    300 * ms;  // where blocking means that the schedule is wrong
constexpr std::int64_t poll_ns = 50'000;

bool equal(const char* a, const char* b) {
  while (*a != 0 && *a == *b) ++a, ++b;
  return *a == *b;
}

const char* reason_against(const ScheduleItem& item) {
  if (item.alternative != 0) return "an alternative ('/N')";
  switch (item.until) {
    case ScheduleItem::Until::steps:
      return "a counted step ('*N')";
    case ScheduleItem::Until::enter:
      return "'enter:'";
    case ScheduleItem::Until::leave:
      return "'leave:'";
    case ScheduleItem::Until::racy:
      return "'racy:'";
    case ScheduleItem::Until::blocked:
    case ScheduleItem::Until::point:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

void check_drivable(const Schedule& schedule) {
  for (const ScheduleItem& item : schedule)
    if (const char* reason = reason_against(item))
      throw UsageError(fmt::format(
          "column {}: '{}' cannot drive real threads: {} needs the engine. Use items like "
          "'reader@polled' (up to a named point) and 'reader' (until it ends or blocks), or run it "
          "without a sanitizer and without --mode stress",
          item.column, to_text({item}), reason));
}

Driver::Driver(Board& board, Schedule schedule) : board_(board), schedule_(std::move(schedule)) {
  for (const ScheduleItem& item : schedule_) names_main_ = names_main_ || item.task == "main";
}

void Driver::start() {
  board_.driving.store(true);
  const int error = pthread_create(&controller_, nullptr, control, this);
  if (error != 0)
    throw std::system_error(error, std::generic_category(), "cannot start the controlling thread");
}

void Driver::finish() {
  finished_.store(true);
  pthread_join(controller_, nullptr);
  board_.driving.store(false);
}

void Driver::arrive(TaskId task, const char* point) {
  if (task == 0 && !names_main_) return;
  if (finished_) return;
  if (turn_ == task) {
    const char* target = target_.load();
    if (target == nullptr || point == nullptr || !equal(target, point)) return;
  }
  Seat& seat = seats_[task];
  seat.point.store(point);
  seat.waiting.store(true);
  while (seat.go.exchange(0) == 0) futex_wait(seat.go, 0);
}

void* Driver::control(void* self) {
  const Unseen unseen;
  auto& driver = *static_cast<Driver*>(self);
  driver.board_.note_own_thread(thread_id());
  driver.run();
  return nullptr;
}

void Driver::run() {
  const ScheduleItem* before = nullptr;
  for (const ScheduleItem& item : schedule_) {
    run_item(item, before);
    before = &item;
  }
  run_rest();
}

void Driver::run_item(const ScheduleItem& item, const ScheduleItem* before) {
  const TaskId task = wait_for_task(item);
  if (has_ended(task)) diverge(item, task, "which has ended");
  last_ = task;
  if (item.until == ScheduleItem::Until::point) {
    const bool again = before != nullptr && before->task == item.task &&
                       before->until == item.until && before->label == item.label;
    if (is_at(task, item.label) && !again) return;
    const Pause pause = let_run(task, item.label.c_str(), hopeless_after_ns);
    if (pause == Pause::ended) diverge(item, task, "which ended " + how_far(item, task));
    if (pause == Pause::asleep) diverge(item, task, "which is blocked, " + how_far(item, task));
    return;
  }
  const bool could_run = seats_[task].waiting;
  const std::uint64_t spent = look_at(0, thread_of(task)).spent;
  if (let_run(task, nullptr, could_run ? blocked_after_ns : hopeless_after_ns) != Pause::asleep)
    return;
  if (!could_run && look_at(0, thread_of(task)).spent == spent)
    diverge(item, task, "which is blocked");
}

void Driver::run_rest() {
  while (!finished_) {
    const TaskId task = next_waiting();
    // With nobody waiting for a turn, a deadlock is the program's own.
    board_.driving.store(task != no_task);
    if (task == no_task) {
      sleep_ns(poll_ns);
      continue;
    }
    last_ = task;
    let_run(task, nullptr, blocked_after_ns);
  }
  // Threads that nobody joins may still come.
  for (Seat& seat : seats_)
    if (seat.waiting) {
      seat.go.store(1);
      futex_wake(seat.go, 1);
    }
}

TaskId Driver::next_waiting() const {
  if (last_ != no_task && seats_[last_].waiting) return last_;
  const std::uint32_t tasks = std::min<std::uint32_t>(board_.tasks, max_tasks);
  for (std::uint32_t task = 0; task < tasks; ++task)
    if (seats_[task].waiting) return static_cast<TaskId>(task);
  return no_task;
}

// While the task is not there, "main" goes on (it does not wait for turns unless the schedule names
// it).
TaskId Driver::wait_for_task(const ScheduleItem& item) {
  int main_thread = 0;
  while ((main_thread = thread_of(0)) == 0) sleep_ns(poll_ns);
  Sleeper main_sleeps(0, main_thread);
  while (true) {
    const TaskId task = find(item.task);
    if (task != no_task && (seats_[task].waiting || has_ended(task))) return task;
    const bool main_waits = names_main_ && seats_[0].waiting && task != 0;
    if (finished_ || main_waits || main_sleeps.asleep_ns() > hopeless_after_ns) {
      if (task != no_task && board_.task[task].state == TaskState::running) return task;
      diverge(item, task, task == no_task ? "which does not exist" : "which cannot start yet");
    }
    sleep_ns(poll_ns);
  }
}

void Driver::grant(TaskId task, const char* until_point) {
  target_.store(until_point);
  turn_.store(task);
  Seat& seat = seats_[task];
  if (!seat.waiting.exchange(false)) return;
  seat.go.store(1);
  futex_wake(seat.go, 1);
}

Driver::Pause Driver::let_run(TaskId task, const char* until_point, std::int64_t patience_ns) {
  grant(task, until_point);
  Sleeper sleeper(0, thread_of(task));
  while (true) {
    if (has_ended(task)) return Pause::ended;
    if (seats_[task].waiting) {
      if (until_point != nullptr && is_at(task, until_point)) return Pause::arrived;
      grant(task, until_point);  // it came to a hook just before it had the turn
    }
    if (sleeper.asleep_ns() > patience_ns && !seats_[task].waiting) return Pause::asleep;
    sleep_ns(poll_ns);
  }
}

TaskId Driver::find(const std::string& name) const {
  const std::uint32_t tasks = std::min<std::uint32_t>(board_.tasks, max_tasks);
  for (std::uint32_t task = 0; task < tasks; ++task)
    if (name == board_.task[task].name.data()) return static_cast<TaskId>(task);
  return no_task;
}

bool Driver::is_at(TaskId task, const std::string& point) const {
  const char* at = seats_[task].point.load();
  return seats_[task].waiting && at != nullptr && equal(at, point.c_str());
}

std::string Driver::how_far(const ScheduleItem& item, TaskId task) const {
  std::vector<std::string> passed;
  const std::uint64_t end = board_.recorded;
  for (std::uint64_t i = end > ring_entries ? end - ring_entries : 0; i < end; ++i) {
    const Event& event = board_.ring[i % ring_entries].recorded.event;
    if (event.op != Op::point || event.task != task || event.label == nullptr) continue;
    if (std::find(passed.begin(), passed.end(), event.label) == passed.end())
      passed.emplace_back(event.label);
  }
  if (passed.empty()) return "before it reached that point, or any other";
  const std::string near = nearest(item.label, passed);
  const std::string hint = near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
  return fmt::format("before it reached that point (it came by '{}'{})", fmt::join(passed, "', '"),
                     hint);
}

void Driver::diverge(const ScheduleItem& item, TaskId task, std::string why) const {
  claim_finding(board_);
  std::vector<std::string> names;
  std::vector<std::string> tasks;
  const std::uint32_t count = std::min<std::uint32_t>(board_.tasks, max_tasks);
  for (TaskId i = 0; i < count; ++i) {
    const char* at = seats_[i].waiting ? seats_[i].point.load() : nullptr;
    names.emplace_back(board_.task[i].name.data());
    tasks.push_back(names.back());
    if (has_ended(i))
      tasks.back() += " (ended)";
    else if (at != nullptr)
      tasks.back() += fmt::format(" (at {})", at);
  }
  if (task == no_task)
    if (const std::string near = nearest(item.task, names); !near.empty())
      why += fmt::format("; did you mean '{}'?", near);
  copy_text(
      board_.text,
      fmt::format("at step {} the schedule wants '{}' (column {}), {}; tasks: {}",
                  board_.step.load() + 1, to_text({item}), item.column, why, fmt::join(tasks, ", "))
          .c_str());
  end_worker(board_, Stage::diverged);
}

}  // namespace harness::stress_mode
