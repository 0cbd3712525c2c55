#include "harness/strategies/conflicts.hpp"

#include <algorithm>

namespace harness {
namespace {

std::uint64_t word_of(SiteId before, SiteId after) { return std::uint64_t{before} << 32 | after; }

bool only_reads(Op op) { return op == Op::load || op == Op::read_point; }

bool only_gives_way(Op op) {
  return op == Op::unlock || op == Op::unlock_shared || op == Op::yield || op == Op::sleep;
}

}  // namespace

void Conflicts::begin() {
  ++epoch_;
  for (TaskState& task : tasks_) task.locks.count = 0, task.under_way = false;
}

SiteId Conflicts::site_of(const Event& event) {
  const bool is_point = event.op == Op::point;
  if (event.object == 0 && !is_point) return 0;
  const std::uintptr_t on = is_point ? event.where : event.object;
  const Key key{event.where, on, event.op};
  if (const auto known = site_ids_.find(key); known != site_ids_.end()) return known->second;
  if (sites_.size() >= most_sites) return 0;
  const auto id = static_cast<SiteId>(sites_.size());
  Site site;
  site.reads = is_point || only_reads(event.op);
  site.halts = is_point || event.op == Op::lock;
  site.unlocks = only_gives_way(event.op);
  site.place = place_ids_.try_emplace({event.where, 0, event.op}, places_.size()).first->second;
  if (site.place == places_.size()) places_.push_back(0);
  ++places_[site.place];
  site.object = object_ids_.try_emplace({0, on, is_point ? Op::point : Op::start}, objects_.size()).first->second;
  if (site.object == objects_.size()) objects_.emplace_back();
  sites_.push_back(site);
  site_ids_.emplace(key, id);
  return id;
}

bool Conflicts::executed(SiteId id, const Event& event) {
  if (event.task >= tasks_.size()) tasks_.resize(std::size_t{event.task} + 1);
  TaskState& task = tasks_[event.task];
  Locks& held = task.locks;
  if (event.op == Op::unlock) held.remove(event.object);
  if (event.op == Op::wait) held.remove(event.value);
  bool is_new = false;
  if (id != 0) {
    Site& site = sites_[id];
    Object& object = objects_[site.object];
    if (site.task == no_task && object.sites.size() < most_of_object) object.sites.push_back(id);
    if (came_by(site, event.task)) pair(id);
    if (task.under_way) site.opens = false;
    task.under_way = true;
    if (site.halts && (!site.opens || event.op == Op::point)) list(id);
    if (object.epoch == epoch_ && object.last_task != event.task &&
        !(sites_[object.last].reads && site.reads) && seen_orders_.size() < most_pairs)
      is_new = seen_orders_.insert(word_of(object.last, id)).second;
    object.last = id;
    object.last_task = event.task;
    object.epoch = epoch_;
  }
  if (event.op == Op::lock) held.add(event.object);
  return is_new;
}

// True: what is known of the site has changed.
bool Conflicts::came_by(Site& site, TaskId task) {
  const Locks& held = tasks_[task].locks;
  if (site.task == no_task) {
    site.task = task;
    site.locks = held;
    return true;
  }
  const bool second = !site.many && site.task != task;
  site.many |= second;
  return site.locks.keep_only(held) || second;
}

bool Conflicts::conflict(const Site& a, const Site& b) {
  if ((a.reads && b.reads) || a.unlocks || b.unlocks) return false;
  if (!a.many && !b.many && a.task == b.task) return false;
  for (std::size_t i = 0; i < a.locks.count; ++i)
    if (b.locks.has(a.locks.all[i])) return false;
  return true;
}

void Conflicts::pair(SiteId id) {
  for (const SiteId other : objects_[sites_[id].object].sites) {
    if ((other == id && !sites_[id].many) || !conflict(sites_[id], sites_[other])) continue;
    add(other, id);
    if (other != id) add(id, other);
  }
}

void Conflicts::add(SiteId before, SiteId after) {
  if (pairs_.size() >= most_pairs || !known_pairs_.insert(word_of(before, after)).second) return;
  pairs_.push_back({before, after});
  list(after);
}

void Conflicts::list(SiteId id) {
  if (sites_[id].listed) return;
  sites_[id].listed = true;
  listed_.push_back(id);
}

bool Conflicts::Locks::has(std::uintptr_t lock) const {
  return std::find(all.begin(), all.begin() + count, lock) != all.begin() + count;
}

void Conflicts::Locks::add(std::uintptr_t lock) {
  if (count < most) all[count++] = lock;
}

void Conflicts::Locks::remove(std::uintptr_t lock) {
  const auto end = std::remove(all.begin(), all.begin() + count, lock);
  count = static_cast<std::size_t>(end - all.begin());
}

bool Conflicts::Locks::keep_only(const Locks& other) {
  const auto end = std::remove_if(all.begin(), all.begin() + count,
                                  [&](std::uintptr_t lock) { return !other.has(lock); });
  const auto left = static_cast<std::size_t>(end - all.begin());
  const bool fewer = left != count;
  count = left;
  return fewer;
}

}  // namespace harness
