// The order of events behind an execution: which happened before which, and which two could have
// happened the other way round (races). Kept as rows of bits, one for each step, so that a set of
// steps is a few words and every question about it a few instructions.
//
// Steps are added in the order of the execution and taken back from the end.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "harness/strategies/dependence.hpp"

namespace harness {

// Sets of small numbers, all of the same width.
class BitRows {
 public:
  using Word = std::uint64_t;
  explicit BitRows(std::size_t rows = 0) { resize(rows); }
  Word* row(std::size_t i) { return words_.data() + i * width_; }
  const Word* row(std::size_t i) const { return words_.data() + i * width_; }
  std::size_t rows() const { return rows_; }
  void resize(std::size_t rows) {
    rows_ = rows;
    words_.resize(rows * width_);
  }
  void widen(std::size_t width);

 private:
  std::vector<Word> words_;
  std::size_t rows_ = 0;
  std::size_t width_ = 1;
};

// An event with what it touches, looked up once.
struct Act {
  static constexpr std::uint32_t nothing = std::numeric_limits<std::uint32_t>::max();
  Event event;
  std::uint32_t memory = nothing;  // its number in the Trace, where it touches memory
  std::uint32_t object = nothing;  // the same for a lock, a condition, ...
};

class Trace {
 public:
  using Word = BitRows::Word;
  using Position = std::uint32_t;
  static constexpr Position none = Act::nothing;

  struct Step {
    Act act;
    std::uint64_t expected = 0;     // of a cas, to tell whether it would fail elsewhere
    bool expects_any = false;       // what it expected is not known
    Position after = none;          // what made the event what it is (a notification, a spawn)
    Position made_possible = none;  // what let it go on, though something else came first
    bool inside = false;            // a choice in the middle of the step before
  };

  // Which of a task's steps come before which others is known once they are added.
  void add(const Step& step);
  void truncate(Position size);
  Position size() const { return size_; }
  const Step& step(Position i) const { return steps_[i]; }
  TaskId task(Position i) const { return steps_[i].act.event.task; }

  // A step that is not part of the execution but could have been its next: as if added, with the
  // position size(). Until the next call.
  void probe(const Step& step);

  std::size_t words() const { return words_; }
  const Word* before(Position i) const { return before_.row(i); }
  const Word* races(Position i) const { return races_.row(i); }
  const Word* steps_of(TaskId task) const {
    return tasks_.row(task < tasks_.rows() ? task : no_row_);
  }
  bool happens_before(Position a, Position b) const { return has(before_.row(b), a); }

  // The same act, with what it touches looked up.
  Act act_of(const Event& event);
  // The steps that do not commute with it, those of its own task apart.
  void conflicts(const Act& act, Word* into) const;
  // The step as it would be where exactly the steps of `set` have happened before.
  Event event_in(const Step& step, const Word* set) const;
  // What of `set` would happen before the step where, of what comes after some point, just that has
  // happened.
  void before_in(Position i, const Word* set, Word* into) const;
  // Whether it is an event that may have to wait, and whether it could happen there.
  static bool can_wait(const Step& step);
  bool possible_in(const Step& step, const Word* set) const;

  static bool has(const Word* row, Position i) { return (row[i / 64] >> (i % 64)) & 1; }
  static void put(Word* row, Position i) { row[i / 64] |= Word{1} << (i % 64); }
  static void drop(Word* row, Position i) { row[i / 64] &= ~(Word{1} << (i % 64)); }
  bool intersects(const Word* a, const Word* b) const {
    for (std::size_t w = 0; w < words_; ++w)
      if ((a[w] & b[w]) != 0) return true;
    return false;
  }
  // The lowest of what is in both; none where there is nothing.
  Position first_of(const Word* a, const Word* b) const {
    for (std::size_t w = 0; w < words_; ++w)
      if (const Word both = a[w] & b[w]; both != 0)
        return static_cast<Position>(w * 64) + static_cast<Position>(std::countr_zero(both));
    return none;
  }
  // Positions in a row, from the last to the first; `visit` may take bits out of it.
  template <class Visit>
  void each_down(const Word* row, Visit visit) const {
    for (std::size_t w = words_; w-- > 0;)
      for (Word rest = row[w]; rest != 0;) {
        const auto bit = static_cast<Position>(63 - std::countl_zero(rest));
        visit(static_cast<Position>(w * 64) + bit);
        rest &= row[w] & ((Word{1} << bit) - 1);
      }
  }

 private:
  struct Object {
    std::uintptr_t address;
    std::uint64_t bytes;  // 0: not memory
    std::vector<std::uint32_t> overlapping;
  };
  enum Row : std::uint32_t { looks, adds, writes, row_count };

  std::uint32_t find(std::uintptr_t address, std::uint64_t bytes);
  std::uint32_t make(std::uintptr_t address, std::uint64_t bytes, std::size_t slot);
  void grow_table();
  Word* row_of(std::uint32_t object, std::uint32_t row) {
    return objects_rows_.row(std::size_t{object} * row_count + row);
  }
  const Word* row_of(std::uint32_t object, std::uint32_t row) const {
    return objects_rows_.row(std::size_t{object} * row_count + row);
  }
  void reserve(Position size);
  void order(const Step& step, Position at);
  void find_races(const Step& step, Position at);
  void join(Word* row, Position with) const;
  void enter(const Step& step, Position at, bool present);
  void collect(dependence::Effect effect, std::uint32_t object, Word* into) const;
  bool value_in(const Act& act, const Word* set, std::uint64_t& value) const;
  bool lock_possible(const Act& act, const Word* set) const;
  bool count_possible(const Act& act, const Word* set) const;

  std::vector<Step> steps_;
  Position size_ = 0;
  std::size_t words_ = 1;
  BitRows before_{1}, races_{1}, tasks_{1}, objects_rows_, odd_{1}, scratch_{4};
  std::size_t no_row_ = 0;  // of tasks_: always empty
  std::vector<Object> objects_;
  std::vector<std::uint32_t> table_;  // open addressing; by address and size
};

}  // namespace harness
