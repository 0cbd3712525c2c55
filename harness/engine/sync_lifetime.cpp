// The end of locks, conditions and their like: who comes too late, and who was still there.
#include <fmt/format.h>

#include "harness/engine/sync_parts.hpp"

namespace harness {
namespace {

std::uint32_t& mark_of(const void* object) {
  return *const_cast<std::uint32_t*>(static_cast<const std::uint32_t*>(object));
}

bool is_in_use(const Object& object) {
  return object.owner != no_task || object.readers != 0 || !object.sleepers.empty();
}

Event destroying(Engine& engine, const void* object, std::uintptr_t where) {
  Event event = event_at(Op::destroy, object, where);
  event.step = engine.step();
  event.task = engine.current().id;
  return event;
}

[[noreturn]] void violate(Engine& engine, std::string message, std::vector<Event> events) {
  engine.violate({"use-of-destroyed", std::move(message), std::move(events), false});
}

}  // namespace

void destroy(Engine& engine, const void* object, std::uintptr_t where) {
  check_alive(engine, object, where);
  const Event event = destroying(engine, object, where);
  Object& known = engine.object(object);
  if (engine.settings().records) engine.record(event);
  known.destroyed = {where, event.step, event.task};
  if (!is_in_use(known)) {
    engine.look_at_end(event);
    mark_of(object) = destroyed_mark;
    return;
  }
  std::string how = "while it is held for reading";
  std::vector<Event> events{event};
  if (known.owner != no_task)
    how = known.owner == event.task ? "while it holds it"
                                    : fmt::format("while {} holds it", mention(known.owner));
  else if (const Task* const waiting = known.sleepers.front(); waiting != nullptr)
    how = fmt::format("while {} waits on it", mention(waiting->id));
  violate(engine,
          fmt::format("{} destroys {} {}", mention(event.task), mention_object(event.object), how),
          std::move(events));
}

void used_after_its_end(Engine& engine, const void* object, std::uintptr_t where) {
  Event now = event_at(Op::write, object, where);
  now.step = engine.step();
  now.task = engine.current().id;
  now.bytes = sizeof(std::uint32_t);
  if (UserHeap::contains(object) && engine.races().is_freed(now.object))
    engine.raced({.is_write = true, .freed = true, .address = now.object}, now);
  if (mark_of(object) != destroyed_mark) return;
  std::vector<Event> events;
  std::string who = "it was destroyed";
  if (const Object* const known = engine.find_object(object);
      known != nullptr && known->destroyed.where != 0) {
    const auto& [at, step, task] = known->destroyed;
    events.push_back(
        {.step = step, .task = task, .op = Op::destroy, .object = now.object, .where = at});
    who = mention(task) + " has destroyed it";
  }
  if (engine.settings().records) engine.record(now);
  events.push_back(now);
  violate(engine,
          fmt::format("{} uses {} after {}", mention(now.task), mention_object(now.object), who),
          std::move(events));
}

}  // namespace harness
