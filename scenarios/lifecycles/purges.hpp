// Two purges. mimalloc 8ddf6f96, acd6f6ce: the test whether something is due reads `== 1` where
// `!= 0` was meant, so that a purge of more than one thing does nothing, and no safety test
// notices. mimalloc #904, #1367: at exit the purger looks at what exit has unmapped already.
#pragma once

#include <cstdint>
#include <new>
#include <utility>

#include "scenarios/lifecycles/small_pool.hpp"

namespace lifecycles {

// Regions of one slice each, due when it comes back.
class PurgesWhenOne final : public SmallPool {
 public:
  static constexpr std::string_view name = "purges-when-one";
  using SmallPool::SmallPool;

  std::size_t free_unused_regions() override {
    const std::lock_guard hold(lock_);
    if (free_count_ != 1) return 0;
    std::byte* const slice = free_[--free_count_];
    for (std::byte*& base : regions_) {
      if (base == slice) base = nullptr;
    }
    static_cast<void>(memory().release(slice, region_bytes()));
    charged_ -= region_bytes();
    return region_bytes();
  }
};

// Keeps the note whether a region is due in its first slice, as allocators with headers do.
class PurgesAtExit final : public SmallPool {
 public:
  static constexpr std::string_view name = "purges-at-exit";
  explicit PurgesAtExit(const Options& options) : SmallPool(options) {
    charged_ = region_bytes();
    header_ = new (map()) Header{1};
  }
  ~PurgesAtExit() override { close(); }

  std::size_t free_unused_regions() override {
    if (gone_) return 0;
    harness::point("looked");
    const std::uint64_t due = header_->due.exchange(0);
    if (due == 0) return 0;
    static_cast<void>(
        memory().discard(reinterpret_cast<std::byte*>(header_) + page, region_bytes() - page));
    return region_bytes() - page;
  }

  void close() override {
    if (gone_.exchange(true)) return;
    static_cast<void>(memory().release(reinterpret_cast<std::byte*>(header_), region_bytes()));
    charged_ = 0;
  }

 private:
  struct Header {
    std::atomic<std::uint64_t> due;
  };
  Header* header_ = nullptr;
  std::atomic<bool> gone_{false};
};

}  // namespace lifecycles
