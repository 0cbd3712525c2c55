// preemptions: iterative bounding as in CHESS (Musuvathi and Qadeer, "Iterative context bounding
// for systematic testing of multithreaded programs", PLDI 2007). All executions without
// preemptions, then all with one, with two, and so on; to leave a task that has just yielded or slept is
// none. How it differs from the paper, see iterative.hpp.
#include "harness/strategies/each.hpp"
#include "harness/strategies/iterative.hpp"

namespace harness {

std::unique_ptr<Strategy> make_preemptions(int last_bound, Stream stream) {
  return std::make_unique<Iterative>(Dfs::Counts::preemptions, last_bound, stream);
}

}  // namespace harness
