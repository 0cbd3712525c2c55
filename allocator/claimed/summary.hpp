// Which words of a class may have slices to claim: one bit a word, so that a search looks at 64
// words at once. A set bit may be out of date; a clear bit of a word with slices to claim never
// lasts.
//
// The latter is Dekker's argument. Who makes a word claimable changes the word, then looks at the
// bit; who clears the bit clears it, then looks at the word. All four are sequentially consistent,
// so at least one of the two sees what the other did, and the bit ends up set.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "allocator/claimed/word.hpp"
#include "harness/point.hpp"

namespace allocator::claimed {

class Summary {
 public:
  // `bits` and `words` are zeroed memory that outlives this.
  Summary(std::uint64_t* bits, Word* words) : bits_(bits), words_(words) {}

  static std::size_t groups(std::size_t words) { return (words + 63) / 64; }

  // The bits of 64 words. A hint: the words themselves decide.
  std::uint64_t group(std::size_t index) const {
    return std::atomic_ref(bits_[index]).load(std::memory_order_relaxed);
  }

  // After `word` has become claimable. Most often the bit is set still: then nothing is written.
  void mark(std::size_t word) {
    if ((bits(word).load(std::memory_order_seq_cst) & bit(word)) != 0) return;
    bits(word).fetch_or(bit(word), std::memory_order_seq_cst);
  }

  // After nothing could be claimed in `word`. `look_again`: false only in a planted defect.
  template <bool look_again = true>
  void settle(std::size_t word) {
    if ((bits(word).load(std::memory_order_relaxed) & bit(word)) == 0) return;
    if constexpr (!look_again) harness::point("settling");
    bits(word).fetch_and(~bit(word), std::memory_order_seq_cst);
    if (look_again && words_[word].may_be_claimed()) mark(word);
  }

  bool marked(std::size_t word) const { return (group(word / 64) & bit(word)) != 0; }

  bool any(std::size_t words) const {
    for (std::size_t i = 0; i < groups(words); ++i) {
      if (std::atomic_ref(bits_[i]).load(std::memory_order_seq_cst) != 0) return true;
    }
    return false;
  }

 private:
  static std::uint64_t bit(std::size_t word) { return std::uint64_t{1} << (word % 64); }
  std::atomic_ref<std::uint64_t> bits(std::size_t word) const {
    return std::atomic_ref(bits_[word / 64]);
  }

  std::uint64_t* bits_;
  Word* words_;
};

}  // namespace allocator::claimed
