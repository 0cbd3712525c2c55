// Where a program's tasks get in each other's way, as its executions show. A site is an op at a place in
// the code on an object; two sites conflict if different tasks came by on the same object and one of them
// changed it. Sites are numbered in order of first appearance, from 1, so that no address decides anything.
#pragma once

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
  bool executed(SiteId site, TaskId task);

  // Place in the code, whatever the object; how many sites have it.
  std::uint32_t place_of(SiteId site) const { return sites_[site].place; }
  std::uint32_t sites_at(std::uint32_t place) const { return places_[place]; }
  // Conflicts that are new since the last call of forget_new(), either way around; and {0, site} for every
  // site that has one.
  std::vector<SitePair>& new_pairs() { return new_pairs_; }
  const std::vector<SitePair>& pairs() const { return pairs_; }

 private:
  static constexpr std::size_t most_sites = std::size_t{1} << 14;
  static constexpr std::size_t most_pairs = std::size_t{1} << 14;
  static constexpr std::size_t most_of_object = 48;  // sites of it that are paired

  struct Site {
    std::uint32_t place = 0;
    std::uint32_t object = 0;
    TaskId task = no_task;  // the first that came by
    bool many = false;      // another one did too
    bool reads = false;     // and nothing else
    bool paired = false;
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

  bool conflict(const Site& a, const Site& b) const;
  void pair(SiteId site);
  void add(SiteId before, SiteId after);

  std::vector<Site> sites_{1};  // by SiteId
  std::vector<std::uint32_t> places_{0};
  std::vector<Object> objects_;
  std::unordered_map<Key, SiteId, Hash> site_ids_;
  std::unordered_map<Key, std::uint32_t, Hash> place_ids_, object_ids_;
  std::unordered_set<std::uint64_t> known_pairs_, seen_orders_;
  std::vector<SitePair> pairs_, new_pairs_;
  std::uint64_t epoch_ = 0;
};

}  // namespace harness
