// delay: delay-bounded search (Emmi, Qadeer, Rakamaric, "Delay-bounded scheduling", POPL 2011). Without
// delays there is one execution: the running task goes on, and where it blocks, ends or yields, the next one
// in turn does. A delay passes over the one whose turn it is. All executions without delays, then all with
// one, two, and so on; their number does not grow with that of the tasks as it does with preemptions.
//
// Where it differs from the paper: the tasks come in order of creation, around from the one that ran last;
// the alternatives of a task's event are free where it is that task's turn, and cost a delay each where it is
// not. How the bounds follow each other, see iterative.hpp.
#include "harness/strategies/each.hpp"
#include "harness/strategies/iterative.hpp"

namespace harness {

std::unique_ptr<Strategy> make_delay(int last_bound, Stream stream) {
  return std::make_unique<Iterative>(Dfs::Counts::delays, last_bound, stream);
}

}  // namespace harness
