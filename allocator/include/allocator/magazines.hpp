// The free slices that one worker keeps for itself, and the protocol by which a purger takes them
// away without a locked instruction on the worker's side. For the pool beneath every slice in here
// is simply handed out. Internal; here so that the fast paths of Cache are inline.
//
// The worker's mark is set while it is in operation. It sets the mark, then looks whether
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
  // `mark_too_late` is a planted defect, and `meanwhile` what happens in the window it opens.
  template <bool mark_too_late = false>
  std::byte* take(std::size_t size_class, std::uint32_t heeded = every_reason,
                  void (*meanwhile)() = nullptr) {
    if constexpr (!mark_too_late) begin();
    // Attention first: a purger that saw the mark too early to wait may be done between the two,
    // and a count from before would be out of date.
    if (attention(heeded)) [[unlikely]] {
      leave();
      return nullptr;
    }
    const std::uint32_t count = counts_[size_class].load(std::memory_order_relaxed);
    if (count == 0) [[unlikely]] {
      leave();
      return nullptr;
    }
    std::byte* const slice = slices_[size_class][count - 1];
    if constexpr (mark_too_late) {
      if (meanwhile != nullptr) meanwhile();
      begin();
    }
    counts_[size_class].store(count - 1, std::memory_order_relaxed);
    leave();
    return slice;
  }

  // False: full, or attention is wanted.
  bool give(std::size_t size_class, std::byte* slice, std::uint32_t heeded = every_reason) {
    begin();
    const bool given = !attention(heeded) && put(size_class, slice);
    leave();
    return given;
  }

  // An operation of several steps, such as an exchange with the pool: while it lasts no purger
  // looks into the magazines. False: attention is wanted, and there is no operation. No lock may be
  // taken before leave().
  bool enter(std::uint32_t heeded) {
    begin();
    if (!attention(heeded)) return true;
    leave();
    return false;
  }
  void leave() { mark_.store(0, std::memory_order_release); }
  // In an operation. False: full.
  bool put(std::size_t size_class, std::byte* slice) {
    const std::uint32_t count = counts_[size_class].load(std::memory_order_relaxed);
    if (count >= capacities_[size_class]) [[unlikely]]
      return false;
    slices_[size_class][count] = slice;
    counts_[size_class].store(count + 1, std::memory_order_relaxed);
    return true;
  }
  // In an operation: moves up to `wanted` slices, those that have been here longest, to `slices`.
  std::size_t take_oldest(std::size_t size_class, std::size_t wanted, std::byte** slices) {
    auto& kept = slices_[size_class];
    const std::size_t count = counts_[size_class].load(std::memory_order_relaxed);
    if (wanted > count) wanted = count;
    for (std::size_t i = 0; i < wanted; ++i) slices[i] = kept[i];
    for (std::size_t i = wanted; i < count; ++i) kept[i - wanted] = kept[i];
    counts_[size_class].store(static_cast<std::uint32_t>(count - wanted),
                              std::memory_order_relaxed);
    return wanted;
  }

  std::size_t capacity(std::size_t size_class) const { return capacities_[size_class]; }

  // The pool's, before the worker knows of it.
  void set_capacity(std::size_t size_class, std::size_t slices) {
    capacities_[size_class] = static_cast<std::uint32_t>(slices);
  }
  // For class_at(): each class has a stride of addresses from `base`, slices of it up to an end.
  void set_addresses(const std::byte* base, unsigned stride_shift) {
    base_ = reinterpret_cast<std::uintptr_t>(base);
    stride_shift_ = stride_shift;
  }
  void set_end(std::size_t size_class, std::size_t offset) { ends_[size_class] = offset; }

  // The class of the slice at `address`; `classes` where there is none or it takes a closer look to
  // tell. All pools' slices are aligned to their size, and so is `base`.
  std::size_t class_at(const std::byte* address) const {
    const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(address) - base_;
    const std::size_t size_class = offset >> stride_shift_;
    if (size_class >= classes || offset >= ends_[size_class]) return classes;
    return (offset & ((std::uintptr_t{4096} << size_class) - 1)) == 0 ? size_class : classes;
  }

  // A purger's: ask for attention; run the barrier; wait until the worker is not in operation; then
  // the magazines are the purger's until it thaws them.
  void ask(std::uint32_t reason) { attention_.fetch_or(reason, std::memory_order_seq_cst); }
  void thaw() { attention_.fetch_and(~frozen, std::memory_order_release); }
  bool in_operation() const { return mark_.load(std::memory_order_seq_cst) != 0; }
  // After a fork the worker of another thread does not exist in the child.
  void forget_worker() { mark_.store(0, std::memory_order_seq_cst); }

  // Everything of a class, for whom the magazines are.
  std::size_t empty(std::size_t size_class, std::byte** slices) {
    const std::size_t count = counts_[size_class].load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < count; ++i) slices[i] = slices_[size_class][i];
    counts_[size_class].store(0, std::memory_order_relaxed);
    return count;
  }

  // Anybody's: a moment's figure.
  std::size_t count(std::size_t size_class) const {
    return counts_[size_class].load(std::memory_order_relaxed);
  }

 private:
  void begin() {
    if constexpr (worker_does_the_barrier) {
      mark_.exchange(1, std::memory_order_seq_cst);
    } else {
      mark_.store(1, std::memory_order_relaxed);
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  }
  bool attention(std::uint32_t heeded) const {
    return (attention_.load(std::memory_order_seq_cst) & heeded) != 0;
  }

  // One cache line with everything but the slices themselves.
  std::atomic<std::uint32_t> mark_{0};
  std::atomic<std::uint32_t> attention_{0};
  std::array<std::atomic<std::uint32_t>, classes> counts_{};
  std::array<std::uint32_t, classes> capacities_{};
  // The next for class_at(); nothing is a slice's address until it is told otherwise.
  std::uintptr_t base_ = 0;
  unsigned stride_shift_ = 0;
  std::array<std::uintptr_t, classes> ends_{};
  std::array<std::array<std::byte*, most_slices>, classes> slices_;  // the first `count` of each
};

// Slices are aligned to 4 KiB at least. The tag says that a release by address put the slice here,
// and has left a note of it to tell a double release by.
inline std::byte* tagged(std::byte* slice) { return slice + 1; }
inline bool is_tagged(const std::byte* slice) {
  return (reinterpret_cast<std::uintptr_t>(slice) & 1) != 0;
}
inline std::byte* untagged(std::byte* slice) { return is_tagged(slice) ? slice - 1 : slice; }

}  // namespace allocator::detail
