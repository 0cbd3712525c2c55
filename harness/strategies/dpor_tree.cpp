#include "harness/strategies/dpor_tree.hpp"

namespace harness {

WakeupTrees::Id WakeupTrees::make(const Act& act) {
  if (free_ == none) {
    branches_.push_back({act, none, none});
    return static_cast<Id>(branches_.size() - 1);
  }
  const Id id = free_;
  free_ = branches_[id].next;
  branches_[id] = {act, none, none};
  return id;
}

WakeupTrees::Id WakeupTrees::append(Id& list, const Act& act) {
  const Id made = make(act);
  if (list == none) return list = made;
  Id last = list;
  while (branches_[last].next != none) last = branches_[last].next;
  branches_[last].next = made;
  return made;
}

WakeupTrees::Id WakeupTrees::append_below(Id parent, const Act& act) {
  Id list = branches_[parent].first_below;
  const Id made = append(list, act);
  branches_[parent].first_below = list;
  return made;
}

WakeupTrees::Id WakeupTrees::take_first(Id& list) {
  const Id taken = list;
  list = branches_[taken].next;
  branches_[taken].next = free_;
  free_ = taken;
  return branches_[taken].first_below;
}

bool WakeupTrees::contains(Id list, TaskId task, std::uint32_t alternative) const {
  for (; list != none; list = branches_[list].next) {
    const Event& event = branches_[list].act.event;
    if (event.task == task && event.alternative == alternative) return true;
  }
  return false;
}

}  // namespace harness
