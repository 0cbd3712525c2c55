// What a workload on real threads asks of the command line, and what it has to tell beside its
// verdict: figures that both sides agree on are added up and stand in the verdict's counters.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "allocator/allocator.hpp"
#include "harness/observe.hpp"

namespace scenarios {

// What --threads says (the tool puts it into the environment, and has checked it), or `usual`.
inline std::size_t threads_asked_for(std::size_t usual) {
  const char* const text = std::getenv("HARNESS_THREADS");
  std::size_t threads = 0;
  if (text == nullptr) return usual;
  const auto read = std::from_chars(text, text + std::strlen(text), threads);
  return read.ec == std::errc{} && threads != 0 ? threads : usual;
}

inline void tell_figure(const char* what, std::size_t figure) {
  harness::observe::counted(what, figure, figure);
}

// Of a pool at the end of its life.
inline void tell_activity(const allocator::Pool& pool) {
  const allocator::Activity activity = pool.activity();
  tell_figure("regions opened", activity.regions_opened);
  tell_figure("regions closed", activity.regions_closed);
  tell_figure("closes rolled back", activity.closes_rolled_back);
  tell_figure("requests refused", activity.requests_refused);
  tell_figure("caches drained", activity.caches_drained);
}

}  // namespace scenarios
