// Which plain accesses are scheduling points: those at the places in the code that were seen racing (or seen
// spinning without any synchronisation), or all of them. Atomic loads are points anyway; those among the
// places may be repeated without the task being taken for one that spins (spinning.cpp). Places are learned in one execution and hold from
// the next one on, for all workers of a search; so the program of an execution never changes under way.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

namespace harness {

// In shared memory: low halves of return addresses, in the order in which they were learned.
struct SharedPoints {
  static constexpr std::uint32_t capacity = 512;
  std::atomic<std::uint32_t> count;
  std::array<std::uint32_t, capacity> places;

  // Unless something is there already.
  void start_with(std::span<const std::uint32_t> points);
};

class PlainPoints {
 public:
  void use(SharedPoints& shared) { shared_ = &shared; }
  // A new execution: what was learned so far holds in it.
  void begin(bool all);
  std::uint32_t count() const { return count_; }
  // False: surely not. One instruction and a branch in every callback.
  bool may_be(std::uintptr_t where) const { return (filter_ >> (where & 63) & 1) != 0; }
  bool is_point(std::uintptr_t where) const { return all_ || was_learned(where); }
  bool was_learned(std::uintptr_t where) const;
  // True where it is news.
  bool learn(std::uint32_t place);

 private:
  static constexpr std::size_t slots = SharedPoints::capacity * 4;

  std::uint64_t filter_ = 0;
  bool all_ = false;
  std::uint32_t count_ = 0;  // of shared_->places, that are in slots_
  SharedPoints* shared_ = nullptr;
  std::array<std::uint32_t, slots> slots_{};  // open addressing; 0: empty
};

}  // namespace harness
