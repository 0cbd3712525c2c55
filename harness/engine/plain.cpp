// Plain accesses: as scheduling points, and as one half of a race.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "harness/engine/engine.hpp"

namespace harness {
namespace {

std::uint64_t value_at(std::uintptr_t address, std::size_t bytes) {
  std::uint64_t value = 0;
  __builtin_memcpy(&value, reinterpret_cast<const void*>(address), std::min<std::size_t>(bytes, 8));
  return value;
}

}  // namespace

void Engine::maybe_point(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where) {
  const bool forced = plain_left == 0;
  count_plain();
  if (!forced && !points.is_point(where)) return;
  const bool slept = reach_volatile(address, bytes, is_write, where);
  if (forced && slept && settings_.learns_points) points.learn(static_cast<std::uint32_t>(where));
}

// True where the task was found spinning.
bool Engine::reach_volatile(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where) {
  const Op op = is_write ? Op::write_point : Op::read_point;
  if (unfinished_ < 2) {
    if (watched_by_strategy_.has(op)) strategy_->executed(access(address, bytes, op, where));
    return false;
  }
  Event& event = reach({.op = op, .object = address, .bytes = bytes,
                        .where = where});
  access_is_point = false;
  // Memory that is gone by now is looked at by whoever called.
  const bool readable = !MappedMemory::contains(address) || memory_.plain(address);
  if (readable) event.before = value_at(address, bytes);
  const std::uint64_t value = event.before;
  executed();
  if (is_write) changed(address, static_cast<std::uint32_t>(bytes));
  return !is_write && readable && loaded(address, static_cast<std::uint32_t>(bytes), value, where);
}

Event Engine::access(std::uintptr_t address, std::size_t bytes, Op op, std::uintptr_t where) const {
  return {.step = steps_, .task = current_->id, .op = op, .object = address, .bytes = bytes, .where = where};
}

void Engine::note_atomic(std::uintptr_t address, std::size_t bytes, bool reads, bool writes, int order,
                         std::uintptr_t where) {
  if (const Race* const race = races_.atomic(address, bytes, reads, writes, order)) [[unlikely]]
    raced(*race, now_.object == address ? now_ : access(address, bytes, writes ? Op::store : Op::load, where));
}

void Engine::look_at(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where) {
  if (const Race* const race = races_.plain(address, bytes, is_write, where)) [[unlikely]]
    raced(*race, access(address, bytes, is_write ? Op::write : Op::read, where));
  if (settings_.records) remember(address, bytes, is_write ? Op::write : Op::read, where, false);
}

void Engine::look_at_free(std::uintptr_t address, std::size_t bytes, std::uintptr_t where) {
  if (const Race* const race = races_.freed(address, bytes, where)) [[unlikely]] {
    Event now = access(address, bytes, Op::write, where);
    now.label = "free";
    raced(*race, now);
  }
  if (settings_.records) remember(address, bytes, Op::write, where, true);
}

void Engine::look_at_end(const Event& destroys) {
  if (!races_.watching()) return;
  if (const Race* const race = races_.plain(destroys.object, 1, true, destroys.where)) [[unlikely]]
    raced(*race, destroys);
  if (settings_.records) remember(destroys.object, 1, Op::write, destroys.where, false);
}

void Engine::look_at_allocation(std::uintptr_t address, std::size_t bytes, std::uintptr_t where) {
  races_.allocated(address, bytes, where);
  if (settings_.records && races_.watching()) remember(address, bytes, Op::write, where, false);
}

void Engine::bad_free(std::uintptr_t address, bool again, std::uintptr_t where) {
  active = nullptr;
  Event now = access(address, 1, Op::write, where);
  now.label = "free";
  Violation violation;
  violation.rule = again ? "double-free" : "invalid-free";
  violation.message = fmt::format("{} frees {}, which {}", mention(now.task), mention_object(address),
                                  again ? "is free already" : "is no block of the heap");
  if (settings_.records) {
    const Race first{.is_write = true, .freed = true, .address = address};
    if (const auto earlier = again ? recall(first, 1) : std::nullopt) violation.accesses.push_back(*earlier);
    record(now);
  }
  violation.accesses.push_back(now);
  violate(violation);
}

// ---------------------------------------------------------------------------------------------------------
// A race, told with both halves where the history is kept

void Engine::remember(std::uintptr_t address, std::size_t bytes, Op op, std::uintptr_t where, bool freed) {
  Event event = access(address, bytes, op, where);
  if (freed) event.label = "free";
  history_.push_back({races_.epoch().tick(), freed, shared_.recorded.load(std::memory_order_relaxed),
                      recorded(event)});
}

// The earlier half, put into the recording where it belongs.
std::optional<Event> Engine::recall(const Race& race, std::size_t bytes) {
  const auto overlaps = [&](const Event& event) {
    return event.object < race.address + bytes && race.address < event.object + event.bytes;
  };
  if (race.is_atomic) {
    for (std::uint32_t i = shared_.recorded.load(); i-- > 0;)
      if (const Event& event = shared_.events[i].event;
          event.task == race.task && overlaps(event) && is_atomic(event.op))
        return event;
    return {};
  }
  const auto is_it = [&](const Past& past) {
    const Event& event = past.recorded.event;
    return past.freed == race.freed && overlaps(event) && (event.op == Op::write) == race.is_write &&
           (race.freed || (event.task == race.task && past.tick == race.tick));
  };
  const auto found = std::find_if(history_.rbegin(), history_.rend(), is_it);
  if (found == history_.rend()) return {};
  insert_into_history(found->recorded, found->position);
  return found->recorded.event;
}

void Engine::insert_into_history(const Recorded& recorded, std::uint32_t position) {
  const std::uint32_t count = shared_.recorded.load();
  if (count >= shared_.max_recorded) return;
  Recorded* const place = shared_.events + std::min(position, count);
  std::copy_backward(place, shared_.events + count, shared_.events + count + 1);
  *place = recorded;
  shared_.recorded.store(count + 1);
}

std::string Engine::locks_of(TaskId task) const {
  std::string text;
  objects_.each([&](const Object& object) {
    if (object.owner == task) text += fmt::format("{}{}", text.empty() ? "" : ", ", mention_object(object.address));
  });
  return text.empty() ? "no lock" : text;
}

// The stacks are looked at once for each pair of places; of the earlier access only the innermost frame is
// known.
bool Engine::is_suppressed(const Race& race, std::uintptr_t where) {
  if (settings_.suppressed == nullptr || race.freed) return false;
  const std::uint64_t pair = std::uint64_t{race.where} << 32 | static_cast<std::uint32_t>(where);
  if (std::find(suppressed_.begin(), suppressed_.end(), pair) != suppressed_.end()) return true;
  const Recorded now = recorded(Event{.where = where});
  constexpr std::uintptr_t low_half = 0xffff'ffff;
  const std::uintptr_t other = race.where == 0 ? where : (where & ~low_half) | race.where;
  if (!settings_.suppressed(std::span(now.stack.data(), now.depth), other)) return false;
  suppressed_.push_back(pair);
  return true;
}

void Engine::raced(const Race& race, Event now) {
  if (is_suppressed(race, now.where)) return;
  if (!race.freed && settings_.data_races == DataRaces::learn) {
    if (!settings_.learns_points) return;
    if (!is_atomic(now.op)) points.learn(static_cast<std::uint32_t>(now.where));
    if (!race.is_atomic) points.learn(race.where);
    return;
  }
  Violation violation;
  violation.rule = race.freed ? "heap-use-after-free" : "data-race";
  if (settings_.records) {
    if (const auto earlier = recall(race, std::max<std::size_t>(now.bytes, 1)))
      violation.accesses.push_back(*earlier);
    if (!is_atomic(now.op) && now.op != Op::destroy) record(now);
  }
  violation.accesses.push_back(now);
  const bool reads = now.op == Op::read || now.op == Op::load;
  const bool destroys = now.op == Op::destroy;
  const bool frees = now.label != nullptr;
  const char* const does = destroys ? "destroys" : frees ? "frees" : reads ? "reads" : "writes";
  if (race.freed) {
    violation.message = fmt::format("{} {} {} bytes of {} after it was freed", mention(now.task), does, now.bytes,
                                    mention_object(race.address));
  } else {
    const bool is_use = destroys || (frees && objects_.find(race.address) != nullptr);
    violation.message = fmt::format(
        "{} {} {}, and nothing orders that after the {}{} by {} ({} holds {})", mention(now.task), does,
        mention_object(race.address), race.is_atomic ? "atomic " : "",
        race.is_write ? "write" : is_use ? "use" : "read", mention(race.task), mention(now.task),
        locks_of(now.task));
  }
  violate(violation);
}

}  // namespace harness
