// The synchronisation objects of an execution, by address: mutexes, conditions, semaphores, futex words, ...
// An object exists from its first use; what the code under test keeps at the address is not touched.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "harness/engine/task.hpp"

namespace harness {

// What became of a robust mutex: its owner ended and it was not made consistent since; it was unlocked so.
enum class Robust : std::uint8_t { sound, owner_died, unrecoverable };

struct Object {
  std::uintptr_t address = 0;
  TaskId owner = no_task;       // who holds it exclusively
  std::uint32_t depth = 0;      // recursive locking
  std::uint32_t readers = 0;    // shared holders
  bool prefers_writers = false; // of a reader-writer lock: no new readers while a writer waits
  std::uint32_t writers_waiting = 0;  // of such a lock
  std::uint64_t count = 0;      // semaphore value, arrivals at a barrier
  bool known = false;           // a semaphore or barrier whose value was read or set
  Robust robust = Robust::sound;
  std::uint64_t parties = 0;    // of a barrier
  std::uint32_t clock = 0;      // see Races: what whoever takes it next learns
  std::uint32_t shared_clock = 0;  // of the shared holders, for the next exclusive one
  struct Destroyed {
    std::uintptr_t where = 0;  // 0: it was not
    std::uint32_t step = 0;
    TaskId task = no_task;
  } destroyed;
  std::uint32_t nestings = 0;   // see LockOrder: what was taken while this was held; 0: nothing
  WaitList waiters;             // tasks whose next event needs it (exclusively)
  WaitList shared_waiters;
  WaitList sleepers;            // tasks that wait for somebody else's event on it
};

class ObjectTable {
 public:
  ObjectTable() : slots_(initial_slots) {}

  Object& at(std::uintptr_t address) {
    for (std::size_t slot = hash(address);; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot].generation != generation_) return insert(address);
      if (slots_[slot].object->address == address) return *slots_[slot].object;
    }
  }
  // nullptr where the address was never used.
  Object* find(std::uintptr_t address) {
    for (std::size_t slot = hash(address);; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot].generation != generation_) return nullptr;
      if (slots_[slot].object->address == address) return slots_[slot].object;
    }
  }
  template <class Visit>
  void each(Visit visit) const {
    for (std::size_t i = 0; i < used_; ++i) visit(pool_[i]);
  }
  void reset() {
    ++generation_;
    used_ = 0;
  }

 private:
  static constexpr std::size_t initial_slots = 1024;
  struct Slot {
    std::uint32_t generation = 0;
    Object* object = nullptr;
  };

  std::size_t hash(std::uintptr_t address) const {
    return ((address * 0x9e37'79b9'7f4a'7c15) >> 32) & (slots_.size() - 1);
  }
  Object& insert(std::uintptr_t address) {
    if ((used_ + 1) * 2 > slots_.size()) grow();
    if (used_ == pool_.size()) pool_.emplace_back();
    Object& object = pool_[used_++];
    object = Object{};
    object.address = address;
    place(object);
    return object;
  }
  void place(Object& object) {
    std::size_t slot = hash(object.address);
    while (slots_[slot].generation == generation_) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = {generation_, &object};
  }
  void grow() {
    slots_.assign(slots_.size() * 2, Slot{});
    for (std::size_t i = 0; i < used_; ++i) place(pool_[i]);
  }

  std::uint32_t generation_ = 1;
  std::size_t used_ = 0;
  std::vector<Slot> slots_;
  std::deque<Object> pool_;  // stable addresses
};

}  // namespace harness
