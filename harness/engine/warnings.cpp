// What is no violation, but nothing to be silent about: kept once for the same places, whatever the
// executions do to it.
#include <fmt/format.h>

#include <algorithm>

#include "harness/engine/engine.hpp"

namespace harness {
namespace {

bool is_same(const SharedWarning& known, const char* rule, std::span<const Recorded> events) {
  return std::string_view(known.rule) == rule &&
         known.event_count == std::min(events.size(), SharedWarning::most_events) &&
         std::equal(known.events, known.events + known.event_count, events.begin(),
                    [](const Recorded& a, const Recorded& b) {
                      return a.event.where == b.event.where && a.event.op == b.event.op;
                    });
}

}  // namespace

bool Engine::is_news(const char* rule, std::span<const Recorded> events) const {
  const std::uint32_t count = shared_.warning_count.load(std::memory_order_relaxed);
  if (count == shared_.warnings.size()) return false;
  return std::none_of(shared_.warnings.begin(), shared_.warnings.begin() + count,
                      [&](const SharedWarning& known) { return is_same(known, rule, events); });
}

void Engine::keep_warning(const char* rule, std::span<const Recorded> events,
                          std::string_view message) {
  const std::uint32_t count = shared_.warning_count.load(std::memory_order_relaxed);
  SharedWarning& warning = shared_.warnings[count];
  copy_text(warning.rule, sizeof warning.rule, rule);
  copy_text(warning.message, sizeof warning.message, message);
  warning.event_count =
      static_cast<std::uint32_t>(std::min(events.size(), SharedWarning::most_events));
  std::copy_n(events.begin(), warning.event_count, warning.events);
  for (std::uint32_t i = 0; i < warning.event_count; ++i)
    copy_text(warning.tasks[i], Shared::name_bytes, name(events[i].event.task));
  shared_.warning_count.store(count + 1, std::memory_order_release);
}

void Engine::unlocked_by_stranger(const Object& object, std::uintptr_t where) {
  const Recorded unlocking = recorded({.step = steps_,
                                       .task = current_->id,
                                       .op = Op::unlock,
                                       .object = object.address,
                                       .where = where});
  std::vector<Recorded> events{unlocking};
  const Held* const held =
      object.owner == no_task ? nullptr : find_held(*tasks_[object.owner], object);
  if (held != nullptr)
    events.push_back(without_stack({.step = held->step,
                                    .task = object.owner,
                                    .op = Op::lock,
                                    .object = object.address,
                                    .where = held->where}));
  warn("unlock-by-stranger", events, [&] {
    return fmt::format(
        "{} unlocks {}, which {}", name(current_->id), mention_object(object.address),
        held == nullptr ? "nobody has locked" : fmt::format("{} has locked", name(object.owner)));
  });
}

void Engine::ends_with_locks(const Task& task, const char* how) {
  for (const Held& held : task.held) {
    const Recorded locking = without_stack({.step = held.step,
                                            .task = task.id,
                                            .op = held.shared ? Op::lock_shared : Op::lock,
                                            .object = held.object->address,
                                            .where = held.where});
    warn("locked-at-exit", std::span(&locking, 1), [&] {
      return fmt::format("{} while {} holds {}", how, name(task.id),
                         mention_object(held.object->address));
    });
  }
}

}  // namespace harness
