// Up to thirty-two slices in one atomic word: which are free, whether memory is behind them, and
// how often that has changed. Every decision about a slice or a region is one compare-and-swap
// here, so handing a slice out and taking its region away exclude each other: whoever comes second
// sees another value.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "allocator/slice.hpp"

namespace allocator::claimed {

// Lives in zeroed memory that is touched when first used, hence atomic_ref: all zero is a closed
// word. On a cache line of its own, as words next to each other are in use by different threads.
class alignas(64) Word {
 public:
  static constexpr unsigned most_slices = 32;
  static constexpr int none = -1;  // no slice may be claimed here
  static constexpr int contended =
      -2;  // somebody else changed the word; there may be another slice

  // One attempt to claim the lowest free slice: its number, `none` or `contended`.
  int try_claim() {
    std::uint64_t seen = bits().load(std::memory_order_relaxed);
    if (!claimable(seen)) return none;
    // Acquire: what the last owner wrote, and the mapping of the region, happened before.
    const bool ours = bits().compare_exchange_strong(
        seen, seen & (seen - 1), std::memory_order_acquire, std::memory_order_relaxed);
    return ours ? std::countr_zero(seen) : contended;
  }

  // The same for up to `wanted` slices, the lowest ones: their bits, or 0 for none and for a lost
  // race.
  std::uint32_t try_claim_up_to(std::size_t wanted) {
    std::uint64_t seen = bits().load(std::memory_order_relaxed);
    if (!claimable(seen)) return 0;
    std::uint64_t left = seen;
    for (std::size_t i = 0; i < wanted && (left & free_bits) != 0; ++i) left &= left - 1;
    const bool ours = bits().compare_exchange_strong(seen, left, std::memory_order_acquire,
                                                     std::memory_order_relaxed);
    return ours ? static_cast<std::uint32_t>(seen ^ left) : 0;
  }

  struct Put {
    Released result;
    bool first;           // no slice was free before
    bool draining;        // the pool is closed: the region goes when all its slices are back
    std::uint32_t after;  // the free slices, ours among them
  };

  // Refuses, without any effect, where no memory is behind the word or the slice is free already.
  Put put(unsigned slice) { return put_all(std::uint32_t{1} << slice); }

  // The same for several slices, given by their bits.
  Put put_all(std::uint32_t slices) {
    std::uint64_t seen = bits().load(std::memory_order_relaxed);
    do {
      if ((seen & open_bit) == 0) return {Released::closed, false, false, 0};
      if ((seen & slices) != 0) return {Released::double_release, false, false, 0};
      // Release: our writes to the slice come before its next owner and before an unmapping.
      // Sequentially consistent for the look at the summary that follows (see Summary).
    } while (!bits().compare_exchange_weak(seen, seen | slices, std::memory_order_seq_cst,
                                           std::memory_order_relaxed));
    return {Released::ok, (seen & free_bits) == 0, (seen & draining_bit) != 0,
            static_cast<std::uint32_t>(seen | slices)};
  }

  bool unused(std::uint32_t all) const {
    return unused(bits().load(std::memory_order_relaxed), all);
  }

  // Closes the word if every slice of `all` is free: from then on nothing is claimed or put here.
  bool close_if_unused(std::uint32_t all) {
    std::uint64_t seen = bits().load(std::memory_order_relaxed);
    if (!unused(seen, all)) return false;
    // Acquire: all that owners did with their slices came before the unmapping. A failure means
    // that a slice has just been claimed, or the word set draining: then the caller may look again.
    return bits().compare_exchange_strong(seen, closed_from(seen), std::memory_order_acq_rel,
                                          std::memory_order_relaxed);
  }

  // Undoes close_if_unused(). Bits are added, never stored over: a shutdown that went over the
  // closed word meanwhile is not lost.
  void reopen(std::uint32_t all) { bits().fetch_or(all | open_bit, std::memory_order_seq_cst); }

  // The two ways of doing it wrong, for planted defects.
  void close_unchecked() {
    bits().store(closed_from(bits().load(std::memory_order_relaxed)), std::memory_order_release);
  }
  void reopen_by_store(std::uint32_t all) {
    const std::uint64_t epoch = bits().load(std::memory_order_relaxed) & epoch_bits;
    bits().store(epoch | all | open_bit, std::memory_order_seq_cst);
  }

  // Memory is behind the closed word now. Nobody else writes to the word of a vacant region, so a
  // store will do; its release is what a claim acquires.
  void open(std::uint32_t free) {
    const std::uint64_t epoch = bits().load(std::memory_order_relaxed) & epoch_bits;
    bits().store(epoch | open_bit | free, std::memory_order_seq_cst);
  }

  // From here on slices only come back: a claim prepared against the value before fails. A word
  // that is closed for a moment will be draining when it is opened again.
  void drain() { bits().fetch_or(draining_bit, std::memory_order_acq_rel); }

  bool may_be_claimed() const { return claimable(bits().load(std::memory_order_seq_cst)); }

  // Of a slice that a client gives back to a cache: nothing changes here.
  Released whether_out(unsigned slice) const {
    const std::uint64_t seen = bits().load(std::memory_order_relaxed);
    if ((seen & open_bit) == 0) return Released::closed;
    return (seen >> slice & 1) != 0 ? Released::double_release : Released::ok;
  }

  // A note on each slice: a release by address has put it into a cache. Written by whoever has the
  // slice, so a byte of its own rather than a bit that others change too.
  bool noted(unsigned slice) const { return note(slice).load(std::memory_order_relaxed) != 0; }
  void set_note(unsigned slice) { note(slice).store(1, std::memory_order_relaxed); }
  void clear_note(unsigned slice) { note(slice).store(0, std::memory_order_relaxed); }

  struct Count {
    bool open;
    std::uint32_t free;
  };
  Count count() const {
    const std::uint64_t seen = bits().load(std::memory_order_relaxed);
    return {(seen & open_bit) != 0, static_cast<std::uint32_t>(seen & free_bits)};
  }

 private:
  static constexpr std::uint64_t free_bits = 0xffffffff;
  static constexpr std::uint64_t open_bit = std::uint64_t{1} << 32;
  static constexpr std::uint64_t draining_bit = std::uint64_t{1} << 33;
  static constexpr std::uint64_t one_epoch = std::uint64_t{1} << 34;
  static constexpr std::uint64_t epoch_bits = ~(one_epoch - 1);

  static bool unused(std::uint64_t seen, std::uint32_t all) {
    return (seen & (free_bits | open_bit)) == (all | open_bit);
  }
  // The new epoch makes a claim prepared against the old value fail.
  static std::uint64_t closed_from(std::uint64_t seen) {
    return (seen & (epoch_bits | draining_bit)) + one_epoch;
  }
  static bool claimable(std::uint64_t seen) {
    return (seen & (open_bit | draining_bit)) == open_bit && (seen & free_bits) != 0;
  }
  std::atomic_ref<std::uint64_t> bits() const { return std::atomic_ref(bits_); }
  std::atomic_ref<std::uint8_t> note(unsigned slice) const {
    return std::atomic_ref(notes_[slice]);
  }

  mutable std::uint64_t bits_;
  mutable std::array<std::uint8_t, most_slices> notes_;
};

}  // namespace allocator::claimed
