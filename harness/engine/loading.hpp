// While a plugin is being loaded, what its static initialisers allocate belongs to the program under
// test: it comes from the heap that is restored for every execution.
#pragma once

#include <cstddef>

namespace harness {

void begin_loading();
void end_loading();
bool loading();
std::size_t loadings();  // that have ended
// For who keeps the heap. `alone`: a single object was loaded; with a library, which others may use too, it is not.
void at_end_of_loading(void (*tell)(bool alone));

// The tool's own allocations, in the middle of loading.
class LoadingPaused {
 public:
  LoadingPaused();
  ~LoadingPaused();
  LoadingPaused(const LoadingPaused&) = delete;
  LoadingPaused& operator=(const LoadingPaused&) = delete;

 private:
  bool was_loading_;
};

}  // namespace harness
