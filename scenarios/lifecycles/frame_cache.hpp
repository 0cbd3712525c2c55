// A buffer manager's way with a budget: what was given back stays mapped, with its contents, until
// a request that finds no room evicts it. Two ways to make room wrongly, though room for all can be
// made:
//
//   EvictsForAll     Kuzu PR #4221: every request adds itself to the sum first, and then evicts
//   until
//                    the sum of all, those that wait included, is within the budget
//   LetsGoOfCharge   what a request evicts is uncharged, and charged anew: a third one takes it,
//   and
//                    the one that made room does not try again
#pragma once

#include <utility>

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

// Its frames are of one slice each, and of no use for another request before they are evicted.
class FrameCache : public SmallPool {
 public:
  using SmallPool::SmallPool;

  Slice allocate(std::size_t) override {
    if (!charge(page)) throw OutOfMemory("nothing is left to evict");
    harness::point("charged");
    std::error_code error;
    std::byte* const frame = memory().map(page, error);
    if (frame == nullptr) throw OutOfMemory(error.message());
    return {frame, page};
  }

  void close() override {
    while (evict()) charged_ -= page;
  }

  Statistics statistics() const override { return {0, charged_, {}, 0}; }
  Statistics recount() const override { return {0, charged_, {}, 0}; }

 protected:
  bool evict() {
    std::byte* const frame = poll();
    if (frame == nullptr) return false;
    static_cast<void>(memory().release(frame, page));
    return true;
  }
};

class EvictsForAll final : public FrameCache {
 public:
  static constexpr std::string_view name = "evicts-for-all";
  using FrameCache::FrameCache;

 private:
  bool charge(std::size_t bytes) override {
    charged_ += bytes;
    harness::point("added");
    while (charged_ > options_.budget_bytes) {
      if (!evict()) {
        harness::point("nothing-left");
        charged_ -= bytes;
        return false;
      }
      charged_ -= page;
    }
    return true;
  }
};

class LetsGoOfCharge final : public FrameCache {
 public:
  static constexpr std::string_view name = "lets-go-of-charge";
  using FrameCache::FrameCache;

 private:
  bool charge(std::size_t bytes) override {
    if (SmallPool::charge(bytes)) return true;
    if (!evict()) return false;
    charged_ -= page;
    harness::point("evicted");
    return SmallPool::charge(bytes);
  }
};

}  // namespace lifecycles
