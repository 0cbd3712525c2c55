#include "harness/strategies/conflicts.hpp"

namespace harness {
namespace {

std::uint64_t word_of(SiteId before, SiteId after) { return std::uint64_t{before} << 32 | after; }

bool only_reads(Op op) { return op == Op::load || op == Op::read_point; }

}  // namespace

void Conflicts::begin() { ++epoch_; }

SiteId Conflicts::site_of(const Event& event) {
  if (event.object == 0) return 0;
  const Key key{event.where, event.object, event.op};
  if (const auto known = site_ids_.find(key); known != site_ids_.end()) return known->second;
  if (sites_.size() >= most_sites) return 0;
  const auto id = static_cast<SiteId>(sites_.size());
  Site site;
  site.reads = only_reads(event.op);
  site.place = place_ids_.try_emplace({event.where, 0, event.op}, places_.size()).first->second;
  if (site.place == places_.size()) places_.push_back(0);
  ++places_[site.place];
  site.object = object_ids_.try_emplace({0, event.object, Op::start}, objects_.size()).first->second;
  if (site.object == objects_.size()) objects_.emplace_back();
  sites_.push_back(site);
  site_ids_.emplace(key, id);
  return id;
}

bool Conflicts::executed(SiteId id, TaskId task) {
  if (id == 0) return false;
  Site& site = sites_[id];
  Object& object = objects_[site.object];
  if (site.task == no_task) {
    site.task = task;
    if (object.sites.size() < most_of_object) object.sites.push_back(id), pair(id);
  } else if (!site.many && site.task != task) {
    site.many = true;
    pair(id);
  }
  bool is_new = false;
  if (object.epoch == epoch_ && object.last_task != task && !(sites_[object.last].reads && site.reads))
    is_new = seen_orders_.size() < most_pairs && seen_orders_.insert(word_of(object.last, id)).second;
  object.last = id;
  object.last_task = task;
  object.epoch = epoch_;
  return is_new;
}

bool Conflicts::conflict(const Site& a, const Site& b) const {
  return !(a.reads && b.reads) && (a.many || b.many || a.task != b.task);
}

void Conflicts::pair(SiteId id) {
  for (const SiteId other : objects_[sites_[id].object].sites) {
    if (!conflict(sites_[id], sites_[other]) || (other == id && !sites_[id].many)) continue;
    add(other, id);
    if (other != id) add(id, other);
  }
}

void Conflicts::add(SiteId before, SiteId after) {
  if (pairs_.size() >= most_pairs || !known_pairs_.insert(word_of(before, after)).second) return;
  pairs_.push_back({before, after});
  new_pairs_.push_back({before, after});
  if (sites_[after].paired) return;
  sites_[after].paired = true;
  new_pairs_.push_back({0, after});
}

}  // namespace harness
