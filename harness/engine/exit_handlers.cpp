#include "harness/engine/exit_handlers.hpp"

#include <algorithm>

namespace harness {

std::optional<ExitHandlers::Handler> ExitHandlers::take(bool quick) {
  const auto wanted = [=](const Handler& handler) { return handler.quick == quick; };
  const auto last = std::find_if(handlers_.rbegin(), handlers_.rend(), wanted);
  if (last == handlers_.rend()) return {};
  const Handler handler = *last;
  handlers_.erase(std::next(last).base());
  taken_ = true;
  return handler;
}

// Never destroyed: it is asked at the very end of the process.
ExitHandlers& exit_handlers() {
  alignas(ExitHandlers) static char storage[sizeof(ExitHandlers)];
  static ExitHandlers* const handlers = new (storage) ExitHandlers;
  return *handlers;
}

}  // namespace harness
