#include "harness/engine/exit_handlers.hpp"

#include <algorithm>

namespace harness {

template <class Wanted>
std::optional<ExitHandlers::Handler> ExitHandlers::take_latest(Wanted wanted) {
  const auto last = std::find_if(handlers_.rbegin(), handlers_.rend(), wanted);
  if (last == handlers_.rend()) return {};
  const Handler handler = *last;
  handlers_.erase(std::next(last).base());
  taken_ = true;
  return handler;
}

std::optional<ExitHandlers::Handler> ExitHandlers::take(bool quick) {
  return take_latest([=](const Handler& handler) { return handler.quick == quick; });
}

std::optional<ExitHandlers::Handler> ExitHandlers::take_of(const void* module) {
  return take_latest([=](const Handler& handler) { return !handler.quick && handler.module == module; });
}

// Never destroyed: it is asked at the very end of the process.
ExitHandlers& exit_handlers() {
  alignas(ExitHandlers) static char storage[sizeof(ExitHandlers)];
  static ExitHandlers* const handlers = new (storage) ExitHandlers;
  return *handlers;
}

}  // namespace harness
