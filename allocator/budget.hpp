// How many bytes may be mapped, and how many are spoken for. A region is charged before it is
// mapped and uncharged after it is unmapped, so mapped <= charged <= limit at every instant.
#pragma once

#include <atomic>
#include <cstddef>

namespace allocator {

class Budget {
 public:
  explicit Budget(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // Never adds first and takes back later: of two callers for whom only one region is left, both
  // would see the sum of both and both would fail.
  bool try_charge(std::size_t bytes) {
    std::size_t charged = charged_.load(std::memory_order_relaxed);
    do {
      if (charged > limit_bytes_ || bytes > limit_bytes_ - charged) return false;
      // Acquire, with the release below: whoever gets a freed charge maps after the unmapping.
    } while (!charged_.compare_exchange_weak(charged, charged + bytes, std::memory_order_acquire,
                                             std::memory_order_relaxed));
    return true;
  }

  void uncharge(std::size_t bytes) { charged_.fetch_sub(bytes, std::memory_order_release); }

  bool has_room_for(std::size_t bytes) const {
    const std::size_t charged = charged_bytes();
    return charged <= limit_bytes_ && bytes <= limit_bytes_ - charged;
  }
  // Where a limit has been set below what is charged, nothing more is until it has gone down. Not
  // while somebody else charges or asks for the limit.
  void set_limit(std::size_t limit_bytes) { limit_bytes_ = limit_bytes; }
  std::size_t limit_bytes() const { return limit_bytes_; }
  std::size_t charged_bytes() const { return charged_.load(std::memory_order_relaxed); }

 private:
  std::size_t limit_bytes_;
  std::atomic<std::size_t> charged_{0};
};

}  // namespace allocator
