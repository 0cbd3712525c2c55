// Races: which accesses are ordered by synchronisation and which are not. Happens-before with vector clocks,
// an epoch for the last write and the last read where one is enough (FastTrack: Flanagan, Freund, PLDI 2009),
// a list where it is not; exact to the byte. Atomic operations synchronise as their memory orders say, fences
// and release sequences included; their values are sequentially consistent all the same.
//
// Nothing is looked at before the first thread of an execution is made: all of it happens before.
#pragma once

#include <bit>
#include <cstdint>
#include <deque>
#include <optional>
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
  // True from the first thread on.
  bool watching() const { return epoch_.tick() != 0; }
  // Of the task that runs; its tick is 0 while nothing is looked at.
  Epoch epoch() const { return epoch_; }
  const Shadow& shadow() const { return shadow_; }
  void expect_memory(std::uintptr_t address) { shadow_.at(address); }

  // --- who runs, and what is inherited
  void created(TaskId creator, TaskId task);
  void runs(TaskId task) {
    if (watching()) epoch_ = epochs_[task];
  }
  void joined(TaskId ended);
  // `task` uses the stack that `from` has left: nothing on it is news.
  void inherited(TaskId task, TaskId from);

  // --- synchronisation, by the task that runs. The clock of an object is an index, 0 while it has none.
  void acquire(std::uint32_t clock);
  void release(std::uint32_t& clock);       // what was there is known to the task already
  void release_join(std::uint32_t& clock);  // several tasks release into it
  void fence(int order);
  std::optional<Race> atomic(std::uintptr_t address, std::size_t bytes, bool reads, bool writes, int order);

  // --- plain accesses, by the task that runs
  std::optional<Race> plain(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where);
  // A block of the heap is given back: a write of all of it, and whoever touches it later is too late.
  std::optional<Race> freed(std::uintptr_t address, std::size_t bytes, std::uintptr_t where);
  // Memory that is handed out anew: nobody has touched it.
  void fresh(std::uintptr_t address, std::size_t bytes);

 private:
  static constexpr TaskId freed_task = 0xfffe;

  struct TaskClocks {
    VectorClock clock;
    VectorClock pending;   // of relaxed loads: known after an acquire fence
    VectorClock released;  // at the last release fence
    void start() {
      clock.clear();
      pending.clear();
      released.clear();
    }
  };
  // An atomic object, or 8 bytes of it.
  struct Atomic {
    std::uint64_t execution = 0;
    std::uintptr_t address = 0;
    std::size_t bytes = 0;
    std::uint32_t next = 0;  // in the same granule
    VectorClock clock;       // what whoever reads from it learns
    VectorClock written;     // when each task last wrote it, or only read it
    VectorClock read;
  };
  struct Access {
    Epoch epoch;
    std::uint32_t where;
    bool is_write;
  };
  struct Details {
    std::uint64_t execution = 0;
    const Cell* cell = nullptr;
    std::vector<Access> accesses;
  };

  TaskClocks& mine() { return tasks_[epoch_.task()]; }
  bool is_old(Epoch epoch) const { return epoch.tick() < first_tick_; }
  bool is_before(Epoch epoch) const { return epoch.tick() <= tasks_[epoch_.task()].clock.of(epoch.task()); }
  bool conflicts(Epoch earlier, std::uint8_t mask) const {
    return !is_old(earlier) && (earlier.bytes() & mask) != 0 && !is_before(earlier);
  }
  void advance();
  VectorClock& clock_at(std::uint32_t& index);
  Atomic& atomic_at(Cell& cell, std::uintptr_t address);
  void synchronise(Atomic& object, bool reads, bool writes, int order);
  std::optional<Race> check_plain_before(const Cell& cell, std::uintptr_t granule, std::uint8_t mask,
                                         bool is_write);
  std::optional<Race> check_atomics_before(const Cell& cell, std::uintptr_t granule, std::uint8_t mask,
                                           bool is_write);
  void note(Cell& cell, Epoch now, bool is_write, std::uint32_t where);
  void note_in_details(Details& details, Epoch now, bool is_write, std::uint32_t where);
  Details* details_of(const Cell& cell);
  Details& make_details(Cell& cell);
  template <class Visit>
  static std::optional<Race> each_granule(std::uintptr_t address, std::size_t bytes, Visit visit);

  Shadow shadow_;
  std::uint64_t execution_ = 0;
  Tick first_tick_ = 1;  // of this execution
  Tick last_tick_ = 0;   // of any task
  Epoch epoch_;
  std::vector<TaskClocks> tasks_;
  std::vector<Epoch> epochs_;        // by task
  std::vector<VectorClock> clocks_;  // of objects; the first stands for none, here and below
  std::size_t clock_count_ = 1;
  std::deque<Atomic> atomics_;
  std::size_t atomic_count_ = 1;
  std::deque<Details> details_;
  std::size_t details_count_ = 1;
};

}  // namespace harness
