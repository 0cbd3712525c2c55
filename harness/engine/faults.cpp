// What the program does to memory that it should not touch, and crashes.
#include "harness/engine/engine.hpp"
#include "harness/engine/errors.hpp"

namespace harness {

// Memory that another task may unmap: whether it is still there when it is accessed depends on the order, so
// the first access after each event is a scheduling point of its own. (Those that follow before the next
// event find the memory as the first one did, or fault as it would.)
void Engine::reach_access(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where) {
  access_is_point = false;
  if (unfinished_ < 2) return;
  reach(Event{.op = is_write ? Op::write_point : Op::read_point, .object = address, .bytes = bytes,
              .where = where});
  executed();
  access_is_point = false;
}

void Engine::suspicious_access(std::uintptr_t address, std::size_t bytes, bool is_write,
                               std::uintptr_t where) {
  const PageState state = memory_.state(address);
  if (state == PageState::none) return;  // the access itself will fault
  if (state == PageState::read_only && !is_write) return;
  Event access{.op = is_write ? Op::write : Op::read, .object = address, .bytes = bytes, .where = where};
  observe(access);
  if (state == PageState::freed) crashed("segmentation fault", address, true, where);
  if (state == PageState::read_only) crashed("write to read-only memory", address, true, where);
}

void Engine::crashed(const char* what, std::uintptr_t address, bool has_address, std::uintptr_t where) {
  active = nullptr;
  Event event{.step = steps_, .op = Op::crashed, .object = has_address ? address : 0, .label = what,
              .where = where};
  event.task = current_ == nullptr ? no_task : current_->id;
  if (settings_.records) record(event);
  dispatch(event);
  violate({"crash", what, {event}, false});
}

void Engine::note_stall(std::uintptr_t where) {
  if (!is_running()) return;
  shared_.stalled = recorded(Event{.step = steps_, .task = current_->id, .op = Op::stuck, .where = where});
  shared_.is_stalled.store(true);
}

void Engine::assertion_failed(const char* text, std::uintptr_t where) {
  Event event{.step = steps_, .task = current_->id, .op = Op::aborted, .label = text, .where = where};
  if (settings_.records) record(event);
  dispatch(event);
  violate({"assertion", text, {event}, false});
}

}  // namespace harness
