// Where a program's tasks get in each other's way, as its executions show. A site is an op at a place in
// the code on an object. Two sites conflict if different tasks came by on the same object, one of them
// changed it, and no lock that both hold has decided already who is first; to unlock conflicts with
// nothing. Named points are sites too, without conflicts. Sites are numbered in order of first appearance, from 1, so that no address decides anything.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "harness/engine/event.hpp"

namespace harness {

using SiteId = std::uint32_t;  // 0: none

// One site before another one, or just one of them.
struct SitePair {
  SiteId before = 0;
  SiteId after = 0;
};

class Conflicts {
 public:
  void begin();  // an execution
  // The site of an event; 0 where it has no object, or there are too many.
  SiteId site_of(const Event& event);
  // The event is executed there. True: another task's event on the same object came directly before it,
  // and that was never so before.
  bool executed(SiteId site, const Event& event);

  // Place in the code, whatever the object; how many sites have it.
  std::uint32_t place_of(SiteId site) const { return sites_[site].place; }
  std::uint32_t sites_at(std::uint32_t place) const { return places_[place]; }
  // To unlock conflicts with nothing.
  bool unlocks(SiteId site) const { return sites_[site].unlocks; }
  // Where a task may be expected to stop: it takes a lock, or somebody has named the place.
  bool halts(SiteId site) const { return sites_[site].halts; }
  // The first that came by.
  TaskId task_of(SiteId site) const { return sites_[site].task; }
  // Whether no task has come by in the midst of something: it was always its first event on an object.
  bool opens(SiteId site) const { return sites_[site].opens; }
  // The task has executed an event on an object.
  bool is_under_way(TaskId task) const { return task < tasks_.size() && tasks_[task].under_way; }
  // Sites that have a conflict, and those that halts() in the midst of something, since there will be one
  // sooner or later; and conflicts, both ways around. In order of discovery.
  const std::vector<SiteId>& sites() const { return listed_; }
  const std::vector<SitePair>& pairs() const { return pairs_; }
  // How often executed() was true.
  std::size_t orders() const { return seen_orders_.size(); }

 private:
  static constexpr std::size_t most_sites = std::size_t{1} << 14;
  static constexpr std::size_t most_pairs = std::size_t{1} << 14;
  static constexpr std::size_t most_of_object = 48;  // sites of it that are paired

  // Objects of the locks that a task holds; more of them than fit are not known.
  struct Locks {
    static constexpr std::size_t most = 6;
    std::array<std::uintptr_t, most> all{};
    std::size_t count = 0;
    bool has(std::uintptr_t lock) const;
    void add(std::uintptr_t lock);
    void remove(std::uintptr_t lock);
    bool keep_only(const Locks& other);  // true: some were not in it
  };
  struct Site {
    std::uint32_t place = 0;
    std::uint32_t object = 0;
    TaskId task = no_task;  // the first that came by
    bool many = false;      // another one did too
    bool reads = false;     // and nothing else
    bool unlocks = false;   // or gives way in another manner that nobody has to wait for
    bool halts = false;
    bool opens = true;
    bool listed = false;
    Locks locks;            // held whenever somebody came by
  };
  struct Object {
    std::vector<SiteId> sites;
    SiteId last = 0;
    TaskId last_task = no_task;
    std::uint64_t epoch = 0;
  };
  struct Key {
    std::uintptr_t where;
    std::uintptr_t object;
    Op op;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      std::uint64_t hash = (key.where ^ std::uint64_t{static_cast<std::uint8_t>(key.op)} << 56) *
                           0x9e3779b97f4a7c15;
      hash = (hash ^ key.object ^ hash >> 29) * 0xbf58476d1ce4e5b9;
      return hash ^ hash >> 32;
    }
  };

  static bool conflict(const Site& a, const Site& b);
  bool came_by(Site& site, TaskId task);
  void pair(SiteId site);
  void add(SiteId before, SiteId after);
  void list(SiteId site);

  std::vector<Site> sites_{1};  // by SiteId
  std::vector<std::uint32_t> places_{0};
  std::vector<Object> objects_;
  std::unordered_map<Key, SiteId, Hash> site_ids_;
  std::unordered_map<Key, std::uint32_t, Hash> place_ids_, object_ids_;
  std::unordered_set<std::uint64_t> known_pairs_, seen_orders_;
  std::vector<SiteId> listed_;
  std::vector<SitePair> pairs_;
  struct TaskState {
    Locks locks;
    bool under_way = false;
  };
  std::vector<TaskState> tasks_;
  std::uint64_t epoch_ = 0;
};

}  // namespace harness
