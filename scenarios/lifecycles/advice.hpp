// Four ways to get the discarding of free memory (madvise) wrong.
//
//   LosesTheSlot      SirixDB a2dd7621e, cf340b92f: a slot whose madvise fails is neither given
//   back
//                     to the pool nor reported; it is lost for ever
//   OnNeitherList     Wasmtime PR #8590: slots that wait to be decommitted are on no list, and who
//                     asks meanwhile is told that there are none
//   AdvisesUnlocked   gperftools #1204, #1227: the lock is let go around madvise; the span is on
//   the
//                     free list still, and somebody takes it
//   PublishesFirst    the same the other way round: a slice is free for all before its discarding
//   is
//                     over
#pragma once

#include <utility>

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

class LosesTheSlot final : public SmallPool {
 public:
  static constexpr std::string_view name = "loses-the-slot";
  using SmallPool::SmallPool;

  std::size_t free_unused_regions() override {
    std::size_t discarded = 0;
    const std::lock_guard hold(lock_);
    for (std::size_t left = std::exchange(free_count_, 0), i = 0; i < left; ++i) {
      if (memory().discard(free_[i], page)) continue;
      free_[free_count_++] = free_[i];
      discarded += page;
    }
    return discarded;
  }
};

class OnNeitherList final : public SmallPool {
 public:
  static constexpr std::string_view name = "on-neither-list";
  using SmallPool::SmallPool;

  std::size_t free_unused_regions() override {
    std::array<std::byte*, 32> queued{};
    std::size_t count = 0;
    while (std::byte* slice = poll()) queued[count++] = slice;
    harness::point("queued");
    for (std::size_t i = 0; i < count; ++i) {
      static_cast<void>(memory().discard(queued[i], page));
      push(queued[i]);
    }
    return count * page;
  }
};

class AdvisesUnlocked final : public SmallPool {
 public:
  static constexpr std::string_view name = "advises-unlocked";
  using SmallPool::SmallPool;

  std::size_t free_unused_regions() override {
    std::byte* slice = nullptr;
    {
      const std::lock_guard hold(lock_);
      if (free_count_ > 0) slice = free_[free_count_ - 1];
    }
    if (slice == nullptr) return 0;
    harness::point("unlocked");
    static_cast<void>(memory().discard(slice, page));
    return page;
  }
};

class PublishesFirst final : public SmallPool {
 public:
  static constexpr std::string_view name = "publishes-first";
  using SmallPool::SmallPool;

  Released release(Slice slice) override {
    SmallPool::release(slice);
    static_cast<void>(memory().discard(slice.data(), page));
    return Released::ok;
  }
};

}  // namespace lifecycles
