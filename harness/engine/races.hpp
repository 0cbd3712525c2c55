// Races: which accesses are ordered by synchronisation and which are not. Happens-before with vector clocks,
// an epoch for the last write and the last read where one is enough (FastTrack: Flanagan, Freund, PLDI 2009),
// a list where it is not; exact to the byte. Atomic operations synchronise as their memory orders say, fences
// and release sequences included; their values are sequentially consistent all the same.
//
// Nothing is looked at before the first thread of an execution is made, nor (but for uses of freed blocks)
// while all threads have been joined: all of it is in order.
#pragma once

#include <bit>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "harness/engine/shadow.hpp"
#include "harness/engine/vector_clock.hpp"

namespace harness {

// Two accesses, one of them a write, that nothing orders; or an access to a heap block that was freed before.
struct Race {
  TaskId task = no_task;      // whose access came first
  Tick tick = 0;              // its time
  bool is_write = false;
  bool is_atomic = false;
  bool freed = false;         // it was free()
  std::uint32_t where = 0;    // low half of the return address, where it is known
  std::uintptr_t address = 0; // the first byte in common
};

class Races {
 public:
  void begin();
  // True while there is a thread that was not joined.
  bool watching() const { return epoch_.tick() != 0; }
  // True from the first thread on: blocks are marked when they are freed.
  bool started() const { return started_; }
  bool is_freed(const Cell& cell) const {
    return cell.written.task() == freed_task && !is_old(cell.written);
  }
  bool is_freed(std::uintptr_t address) { return started_ && is_freed(shadow_.at(address)); }
  // Of the task that runs; its tick is 0 while nothing is looked at.
  Epoch epoch() const { return epoch_; }
  const Shadow& shadow() const { return shadow_; }
  void expect_memory(std::uintptr_t address) { shadow_.at(address); }

  // Where a race is found, the answer is valid until the next question; nullptr: none.

  // --- who runs, and what is inherited
  void created(TaskId creator, TaskId task);
  void runs(TaskId task) {
    if (!watching()) return;
    me_ = tasks_[task].get();
    epoch_ = me_->now;
  }
  void joined(TaskId ended);
  // `task` uses the stack that `from` has left: nothing on it is news.
  void inherited(TaskId task, TaskId from);

  // --- synchronisation, by the task that runs. The clock of an object is an index, 0 while it has none.
  void acquire(std::uint32_t clock);
  void release(std::uint32_t& clock);       // what was there is known to the task already
  void release_join(std::uint32_t& clock);  // several tasks release into it
  void fence(int order);
  [[gnu::always_inline]] const Race* atomic(std::uintptr_t address, std::size_t bytes, bool reads,
                                            bool writes, int order) {
    Cell* const cell = shadow_.find(address);
    if (cell == nullptr || !atomics_.has(cell->atomics)) return atomic_anew(address, bytes, reads, writes, order);
    Atomic* known = &atomics_[cell->atomics];
    while (known->address != address && known->next != 0) known = &atomics_[known->next];
    Atomic& object = *known;
    const bool after_all = (is_old(cell->written) || is_before(cell->written)) &&
                           (!writes || is_old(cell->read) || is_before(cell->read)) &&
                           !details_.has(cell->details);
    if (object.address != address || object.bytes < bytes || !after_all) [[unlikely]]
      return atomic_anew(address, bytes, reads, writes, order);
    (writes ? object.written : object.read).set(epoch_.task(), epoch_.tick());
    synchronise(object, reads, writes, order);
    return nullptr;
  }

  // --- plain accesses, by the task that runs
  // Almost always enough: the access fits into the cell, and nothing speaks against it. `now`: the present
  // epoch with the bytes in question.
  [[gnu::always_inline]] bool plainly(Cell& cell, Epoch now, bool is_write, std::uintptr_t where) {
    if (atomics_.has(cell.atomics) || details_.has(cell.details)) return false;
    const Epoch written = cell.written;
    const Epoch read = cell.read;
    const bool after_write = is_old(written) || is_before(written);
    if (!after_write) return false;
    if (is_write) {
      if (!is_old(read) && !is_before(read)) return false;
      const bool again = written.is_of(now);
      if (!again && !is_old(written) && !now.covers(written.bytes())) return false;
      cell.written = again ? written.with(now.bytes()) : now;
      cell.written_at = static_cast<std::uint32_t>(where);
      if (now.covers(read.bytes())) cell.read = {};
    } else {
      const bool again = read.is_of(now);
      if (!again && !is_old(read) && !(now.covers(read.bytes()) && is_before(read))) return false;
      cell.read = again ? read.with(now.bytes()) : now;
      cell.read_at = static_cast<std::uint32_t>(where);
    }
    return true;
  }
  const Race* plain(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);
  // A block of the heap (8 bytes aligned, as all of them) is given back: a write of all of it, and whoever touches it later is too late.
  const Race* freed(std::uintptr_t address, std::size_t bytes, std::uintptr_t where);
  // A block of the heap is handed out: written, so to speak, by who gets it. Of a large one the
  // first pages are.
  void allocated(std::uintptr_t address, std::size_t bytes, std::uintptr_t where);
  // Memory that is handed out anew, aligned like that: nobody has touched it.
  void fresh(std::uintptr_t address, std::size_t bytes);

 private:
  static constexpr TaskId freed_task = 0xfffe;

  struct TaskClocks {
    VectorClock clock;
    VectorClock pending;   // of relaxed loads: known after an acquire fence
    VectorClock released;  // at the last release fence
    Epoch now;
    void start() {
      clock.clear();
      pending.clear();
      released.clear();
    }
  };
  // An atomic object, or 8 bytes of it.
  struct Atomic {
    std::uintptr_t address;
    std::uint32_t bytes;
    std::uint32_t next;   // in the same granule; 0: none
    VectorClock clock;    // what whoever reads from it learns
    Epoch told;           // `clock` is all that this task knew then; 0: it is something else
    VectorClock written;  // when each task last wrote it, or only read it
    VectorClock read;
  };
  struct Access {
    Epoch epoch;
    std::uint32_t where;
    bool is_write;
  };
  using Details = std::vector<Access>;
  // Things of this execution, found by numbers that no earlier execution has used: a number out of an old
  // cell is known as such without a look at the thing.
  template <class T>
  class Numbered {
   public:
    void begin() {
      first_ += used_;
      used_ = 0;
    }
    bool has(std::uint32_t number) const { return number - first_ < used_; }
    T& operator[](std::uint32_t number) { return *things_[number - first_]; }
    std::uint32_t make() {
      if (used_ == things_.size()) things_.push_back(std::make_unique<T>());
      return first_ + used_++;
    }
    bool nearly_full() const { return first_ > 0xf000'0000; }
    void start_again() { first_ = 1; }

   private:
    std::uint32_t first_ = 1;
    std::uint32_t used_ = 0;
    std::vector<std::unique_ptr<T>> things_;
  };

  bool is_old(Epoch epoch) const { return epoch.tick() < first_tick_; }
  bool is_before(Epoch epoch) const {
    return epoch.task() == epoch_.task() || epoch.tick() <= me_->clock.of(epoch.task());
  }
  bool conflicts(Epoch earlier, std::uint8_t mask) const {
    return !is_old(earlier) && (earlier.bytes() & mask) != 0 && !is_before(earlier);
  }
  // Above the low bits of an order are hints to the processor.
  static bool is_one_of(int order, unsigned orders) { return (orders >> (order & 0xf) & 1) != 0; }
  static bool acquires(int order) {
    return is_one_of(order, 1u << __ATOMIC_ACQUIRE | 1u << __ATOMIC_CONSUME | 1u << __ATOMIC_ACQ_REL |
                                1u << __ATOMIC_SEQ_CST);
  }
  static bool releases(int order) {
    return is_one_of(order, 1u << __ATOMIC_RELEASE | 1u << __ATOMIC_ACQ_REL | 1u << __ATOMIC_SEQ_CST);
  }
  void advance() {
    const TaskId task = epoch_.task();
    const Tick tick = epoch_.tick() + 1;
    if (tick > last_tick_) last_tick_ = tick;
    me_->clock.set(task, tick);
    epoch_ = me_->now = Epoch(task, tick);
  }
  [[gnu::cold]] const Race* atomic_anew(std::uintptr_t address, std::size_t bytes, bool reads, bool writes, int order);
  VectorClock& clock_at(std::uint32_t& index);
  Atomic& note_atomic(Cell& cell, std::uintptr_t address, std::size_t bytes, bool writes);
  Atomic& atomic_at(Cell& cell, std::uintptr_t address);
  // What the operation makes known, to the task and to those who read from it.
  [[gnu::always_inline]] void synchronise(Atomic& object, bool reads, bool writes, int order) {
    TaskClocks& me = *me_;
    const bool learns = reads && acquires(order);
    const bool is_news = !object.clock.empty() && !(object.told && is_before(object.told));
    if (reads && is_news) (learns ? me.clock : me.pending).join(object.clock);
    if (!writes) return;
    const bool tells = releases(order);
    const VectorClock& told = tells ? me.clock : me.released;
    // A store ends the release sequence that was there; who has learned all of it tells it on.
    if (!reads || (learns && tells)) {
      object.clock = told;
      object.told = tells ? epoch_ : Epoch();
    } else {
      object.clock.join(told);
      object.told = {};
    }
    if (tells) advance();
  }
  const Race* race_with(const Access& earlier, std::uintptr_t granule, std::uint8_t mask, bool is_write);
  const Race* check_plain_before(const Cell& cell, std::uintptr_t granule, std::uint8_t mask, bool is_write);
  const Race* check_atomics_before(const Cell& cell, std::uintptr_t granule, std::uint8_t mask, bool is_write);
  void note(Cell& cell, Epoch now, bool is_write, std::uint32_t where);
  void note_in_details(Details& details, Epoch now, bool is_write, std::uint32_t where);
  Details& make_details(Cell& cell);
  template <class Visit>
  static const Race* each_granule(std::uintptr_t address, std::size_t bytes, Visit visit);

  Shadow shadow_;
  Tick first_tick_ = 1;  // of this execution
  Tick last_tick_ = 0;   // of any task
  Epoch epoch_;
  bool started_ = false;
  std::size_t unjoined_ = 0;
  TaskClocks* me_ = nullptr;             // of the task that runs
  std::vector<std::unique_ptr<TaskClocks>> tasks_;
  std::deque<VectorClock> clocks_;       // of objects; the first stands for none
  std::size_t clock_count_ = 1;
  Numbered<Atomic> atomics_;
  Numbered<Details> details_;
  Race race_;
};

}  // namespace harness
