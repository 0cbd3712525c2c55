// Wakeup trees: for a step of the path, the beginnings of executions that are still to be explored
// from there, in the order in which that will be done. Nodes are kept and used again; a tree is
// named by its first branch, and its branches are a list.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/strategies/dpor_trace.hpp"

namespace harness {

class WakeupTrees {
 public:
  using Id = std::uint32_t;
  static constexpr Id none = Act::nothing;

  struct Branch {
    Act act;
    Id first_below = none;  // none: whatever comes after it
    Id next = none;
  };

  const Branch& operator[](Id id) const { return branches_[id]; }
  // Behind the others of `list`.
  Id append(Id& list, const Act& act);
  // The same below a branch.
  Id append_below(Id parent, const Act& act);
  // The first of `list` is taken out of it; what was below it is the list that is returned.
  Id take_first(Id& list);
  bool contains(Id list, TaskId task, std::uint32_t alternative) const;

 private:
  Id make(const Act& act);

  std::vector<Branch> branches_;
  Id free_ = none;
};

}  // namespace harness
