// The free slices that one worker keeps for itself, and the protocol by which a purger takes them
// away without a locked instruction on the worker's side. For the pool beneath every slice in here
// is simply handed out. Internal; here so that the fast paths of Cache are inline.
//
// The worker's mark is odd while it is in operation. It raises the mark, then looks whether
// somebody wants its attention; a purger asks for attention, then looks at the mark. For one of the
// two to see the other, each store must be visible before the load that follows it. The worker
// leaves that to the purger, which makes the system run a memory barrier on all of the process's
// processors. Under ThreadSanitizer and under the harness (both of which take that barrier for
// nothing) the worker does it itself.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace allocator::detail {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool worker_does_the_barrier = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool worker_does_the_barrier = true;
#else
inline constexpr bool worker_does_the_barrier = false;
#endif
#else
inline constexpr bool worker_does_the_barrier = false;
#endif

class alignas(64) Magazines {
 public:
  static constexpr std::size_t classes = 7;
  static constexpr std::size_t most_slices = 64;
  // Reasons for the worker to leave its magazines alone and go to the pool.
  static constexpr std::uint32_t frozen = 1;   // a purger is at work
  static constexpr std::uint32_t retired = 2;  // the pool is closed
  static constexpr std::uint32_t guided = 4;   // a policy wants to see every slice
  static constexpr std::uint32_t every_reason = frozen | retired | guided;

  // The worker's. A slice may carry a flag in its lowest bit, see tagged().
  // nullptr: empty, or attention is wanted.
  template <bool mark_too_late = false>
  std::byte* take(std::size_t size_class, std::uint32_t heeded = every_reason) {
    const std::uint64_t mark = mark_.load(std::memory_order_relaxed);
    if constexpr (!mark_too_late) begin(mark);
    Magazine& magazine = magazines_[size_class];
    const std::uint32_t count = magazine.count.load(std::memory_order_relaxed);
    if (attention(heeded) || count == 0) [[unlikely]] {
      mark_.store(mark, std::memory_order_release);
      return nullptr;
    }
    std::byte* const slice = magazine.slices[count - 1];
    if constexpr (mark_too_late) begin(mark);
    magazine.count.store(count - 1, std::memory_order_relaxed);
    mark_.store(mark + 2, std::memory_order_release);
    return slice;
  }

  // False: full, or attention is wanted.
  bool give(std::size_t size_class, std::byte* slice, std::uint32_t heeded = every_reason) {
    const std::uint64_t mark = mark_.load(std::memory_order_relaxed);
    begin(mark);
    Magazine& magazine = magazines_[size_class];
    const std::uint32_t count = magazine.count.load(std::memory_order_relaxed);
    if (attention(heeded) || count >= magazine.capacity) [[unlikely]] {
      mark_.store(mark, std::memory_order_release);
      return false;
    }
    magazine.slices[count] = slice;
    magazine.count.store(count + 1, std::memory_order_relaxed);
    mark_.store(mark + 2, std::memory_order_release);
    return true;
  }

  // Moves up to `wanted` slices, those that have been here longest, to `slices`. Returns how many:
  // none where attention is wanted.
  std::size_t take_oldest(std::size_t size_class, std::size_t wanted, std::byte** slices) {
    const std::uint64_t mark = mark_.load(std::memory_order_relaxed);
    begin(mark);
    if (attention(frozen | retired)) {
      mark_.store(mark, std::memory_order_release);
      return 0;
    }
    Magazine& magazine = magazines_[size_class];
    const std::size_t count = magazine.count.load(std::memory_order_relaxed);
    if (wanted > count) wanted = count;
    for (std::size_t i = 0; i < wanted; ++i) slices[i] = magazine.slices[i];
    for (std::size_t i = wanted; i < count; ++i) magazine.slices[i - wanted] = magazine.slices[i];
    magazine.count.store(static_cast<std::uint32_t>(count - wanted), std::memory_order_relaxed);
    mark_.store(mark + 2, std::memory_order_release);
    return wanted;
  }

  std::size_t capacity(std::size_t size_class) const { return magazines_[size_class].capacity; }

  // The pool's, before the worker knows of it.
  void set_capacity(std::size_t size_class, std::size_t slices) {
    magazines_[size_class].capacity = static_cast<std::uint32_t>(slices);
  }

  // A purger's: ask for attention; run the barrier; wait until the worker is not in operation; then
  // the magazines are the purger's until it thaws them.
  void ask(std::uint32_t reason) { attention_.fetch_or(reason, std::memory_order_seq_cst); }
  void thaw() { attention_.fetch_and(~frozen, std::memory_order_release); }
  std::uint64_t mark() const { return mark_.load(std::memory_order_seq_cst); }
  static bool in_operation(std::uint64_t mark) { return (mark & 1) != 0; }
  // After a fork the worker of another thread does not exist in the child.
  void forget_worker() { mark_.store((mark() | 1) + 1, std::memory_order_seq_cst); }

  // Everything of a class, for whom the magazines are.
  std::size_t empty(std::size_t size_class, std::byte** slices) {
    Magazine& magazine = magazines_[size_class];
    const std::size_t count = magazine.count.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < count; ++i) slices[i] = magazine.slices[i];
    magazine.count.store(0, std::memory_order_relaxed);
    return count;
  }

  // Anybody's: a moment's figure.
  std::size_t count(std::size_t size_class) const {
    return magazines_[size_class].count.load(std::memory_order_relaxed);
  }

 private:
  void begin(std::uint64_t mark) {
    if constexpr (worker_does_the_barrier) {
      mark_.exchange(mark + 1, std::memory_order_seq_cst);
    } else {
      mark_.store(mark + 1, std::memory_order_relaxed);
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  }
  bool attention(std::uint32_t heeded) const {
    return (attention_.load(std::memory_order_seq_cst) & heeded) != 0;
  }

  struct Magazine {
    std::atomic<std::uint32_t> count{0};
    std::uint32_t capacity = 0;
    std::array<std::byte*, most_slices> slices;  // the first `count` of them
  };

  std::atomic<std::uint64_t> mark_{0};
  std::atomic<std::uint32_t> attention_{0};
  std::array<Magazine, classes> magazines_;
};

// Slices are aligned to 4 KiB at least. The tag says that a release by address put the slice here,
// and has left a note of it to tell a double release by.
inline std::byte* tagged(std::byte* slice) { return slice + 1; }
inline bool is_tagged(const std::byte* slice) {
  return (reinterpret_cast<std::uintptr_t>(slice) & 1) != 0;
}
inline std::byte* untagged(std::byte* slice) { return is_tagged(slice) ? slice - 1 : slice; }

}  // namespace allocator::detail
