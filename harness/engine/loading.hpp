// While a plugin is being loaded, what its static initialisers allocate belongs to the program under
// test: it comes from the heap that is restored for every execution.
#pragma once

namespace harness {

void begin_loading();
void end_loading();
bool loading();

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
