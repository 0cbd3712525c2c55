// deadlock: nothing can run, and tasks are left that have not ended. Where all of them spin on
// something that nobody is left to change, or wait for the end of those that do, it is a livelock.
//
// The engine tells of every such task with one `stuck` event, all in a row: `value` says what it
// waits for (see Waits), `object` at which, `bytes` how many tasks there are. For a lock and a join
// `before` is the task that it waits for (who holds it, whom it joins), no_task where that is not
// known or not one.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "harness/oracles/each.hpp"
#include "harness/oracles/words.hpp"

namespace harness {
namespace {

enum Waits : std::uint64_t { for_lock = 1, for_wake = 2, for_task = 3, spins = 4, in_call = 5 };

std::string wait_text(const Event& event) {
  const std::string at = event.object ? " " + mention_object(event.object) : "";
  const std::string other =
      event.before < no_task ? mention(static_cast<TaskId>(event.before)) : std::string();
  switch (event.value) {
    case for_lock:
      if (event.before == event.task) return "waits for the lock" + at + ", which it holds itself";
      return "waits for the lock" + at + (other.empty() ? "" : ", which " + other + " holds");
    case for_wake:
      return "waits to be woken" + (at.empty() ? "" : " at" + at);
    case for_task:
      return "waits for the end of " + (other.empty() ? "other tasks" : other);
    case spins:
      return "spins" + (at.empty() ? " for ever" : " on" + at + " for ever");
    case in_call:
      return fmt::format("waits in {}() for descriptor {}", event.label == nullptr ? "" : event.label,
                         event.object);
    default:
      return "waits" + (at.empty() ? "" : " at" + at);
  }
}

class Deadlock final : public Oracle {
 public:
  Ops watches() const override { return Ops(Op::stuck); }
  void begin() override { stuck_.clear(); }

  std::optional<Violation> see(const Event& event) override {
    stuck_.push_back(event);
    if (stuck_.size() < event.bytes) return {};
    Violation result;
    const auto count = [this](Waits what) {
      return std::count_if(stuck_.begin(), stuck_.end(),
                           [=](const Event& stuck) { return stuck.value == what; });
    };
    const auto spinning = static_cast<std::size_t>(count(spins));
    const auto joining = static_cast<std::size_t>(count(for_task));
    result.rule = spinning > 0 && spinning + joining == stuck_.size() ? "livelock" : "deadlock";
    result.message = "nothing can run any more: ";
    for (const Event& stuck : stuck_)
      result.message += fmt::format("{}{} {}", &stuck == &stuck_.front() ? "" : "; ",
                                    mention(stuck.task), wait_text(stuck));
    result.accesses.assign(stuck_.begin(), stuck_.end());
    stuck_.clear();
    return result;
  }

 private:
  std::vector<Event> stuck_;
};

}  // namespace

std::unique_ptr<Oracle> make_deadlock() { return std::make_unique<Deadlock>(); }

}  // namespace harness
