#include "harness/engine/races.hpp"

#include <algorithm>

#include "harness/engine/real.hpp"

namespace harness {
namespace {

constexpr std::uintptr_t granule_bytes = 8;

std::uint8_t mask_of(std::size_t offset, std::size_t bytes) {
  return static_cast<std::uint8_t>(((1u << bytes) - 1) << offset);
}

}  // namespace

// Calls visit(granule, mask of the bytes in it) until one answers with a race.
template <class Visit>
const Race* Races::each_granule(std::uintptr_t address, std::size_t bytes, Visit visit) {
  for (const std::uintptr_t end = address + bytes; address < end;) {
    const std::uintptr_t granule = address & ~(granule_bytes - 1);
    const std::uintptr_t stop = std::min(end, granule + granule_bytes);
    if (const Race* const race = visit(granule, mask_of(address - granule, stop - address))) return race;
    address = stop;
  }
  return nullptr;
}

// ---------------------------------------------------------------------------------------------------------
// Tasks

void Races::begin() {
  first_tick_ = last_tick_ + 1;
  epoch_ = {};
  started_ = false;
  unjoined_ = 0;
  clock_count_ = 1;
  atomics_.begin();
  details_.begin();
  if (!atomics_.nearly_full() && !details_.nearly_full()) return;
  shadow_.forget();
  atomics_.start_again();
  details_.start_again();
}

void Races::created(TaskId creator, TaskId task) {
  while (tasks_.size() <= std::max(creator, task)) tasks_.push_back(std::make_unique<TaskClocks>());
  me_ = tasks_[creator].get();
  if (!started_) {
    me_->start();
    me_->now = Epoch(creator, first_tick_);
    me_->clock.set(creator, first_tick_);
    last_tick_ = first_tick_;
    started_ = true;
  }
  epoch_ = me_->now;
  ++unjoined_;
  TaskClocks& made = *tasks_[task];
  made.start();
  made.clock = me_->clock;
  made.clock.set(task, first_tick_);
  made.now = Epoch(task, first_tick_);
  advance();
}

void Races::inherited(TaskId task, TaskId from) { tasks_[task]->clock.join(tasks_[from]->clock); }

void Races::joined(TaskId ended) {
  if (!watching()) return;
  me_->clock.join(tasks_[ended]->clock);
  if (--unjoined_ == 0) epoch_ = {};
}

// ---------------------------------------------------------------------------------------------------------
// Synchronisation

VectorClock& Races::clock_at(std::uint32_t& index) {
  if (index == 0) {
    index = static_cast<std::uint32_t>(clock_count_++);
    while (clocks_.size() < clock_count_) clocks_.emplace_back();
    clocks_[index].clear();
  }
  return clocks_[index];
}

void Races::acquire(std::uint32_t clock) {
  if (watching() && clock != 0) me_->clock.join(clocks_[clock]);
}

void Races::release(std::uint32_t& clock) {
  if (!watching()) return;
  clock_at(clock) = me_->clock;
  advance();
}

void Races::release_join(std::uint32_t& clock) {
  if (!watching()) return;
  clock_at(clock).join(me_->clock);
  advance();
}

void Races::fence(int order) {
  if (!watching()) return;
  TaskClocks& me = *me_;
  if (acquires(order)) me.clock.join(me.pending);
  if (!releases(order)) return;
  me.released = me.clock;
  advance();
}

Races::Atomic& Races::atomic_at(Cell& cell, std::uintptr_t address) {
  const std::uint32_t first = atomics_.has(cell.atomics) ? cell.atomics : 0;
  for (std::uint32_t number = first; number != 0; number = atomics_[number].next)
    if (atomics_[number].address == address) return atomics_[number];
  cell.atomics = atomics_.make();
  Atomic& made = atomics_[cell.atomics];
  made.address = address;
  made.bytes = 0;
  made.next = first;
  made.clock.clear();
  made.told = {};
  made.written.clear();
  made.read.clear();
  return made;
}

// What is seen of the operation in one granule.
Races::Atomic& Races::note_atomic(Cell& cell, std::uintptr_t address, std::size_t bytes, bool writes) {
  Atomic& object = atomic_at(cell, address);
  object.bytes = std::max(object.bytes, static_cast<std::uint32_t>(bytes));
  (writes ? object.written : object.read).set(epoch_.task(), epoch_.tick());
  return object;
}

const Race* Races::atomic_anew(std::uintptr_t address, std::size_t bytes, bool reads, bool writes,
                               int order) {
  const std::size_t offset = address % granule_bytes;
  Cell& cell = shadow_.at(address);
  const std::size_t here = std::min(bytes, granule_bytes - offset);
  Atomic& object = note_atomic(cell, address, here, writes);
  const Race* race = check_plain_before(cell, address - offset, mask_of(offset, here), writes);
  if (here < bytes) [[unlikely]] {  // 16 bytes, or across two granules: the clock is with the first
    Cell& next = shadow_.at(address + here);
    note_atomic(next, address + here, bytes - here, writes);
    if (race == nullptr)
      race = check_plain_before(next, address + here, mask_of(0, std::min(bytes - here, granule_bytes)), writes);
  }
  synchronise(object, reads, writes, order);
  return race;
}

// ---------------------------------------------------------------------------------------------------------
// Plain accesses

Races::Details& Races::make_details(Cell& cell) {
  cell.details = details_.make();
  Details& details = details_[cell.details];
  details.clear();
  if (!is_old(cell.written)) details.push_back({cell.written, cell.written_at, true});
  if (!is_old(cell.read)) details.push_back({cell.read, cell.read_at, false});
  return details;
}

const Race* Races::race_with(const Access& earlier, std::uintptr_t granule, std::uint8_t mask, bool is_write) {
  if (!conflicts(earlier.epoch, mask) || !(is_write || earlier.is_write)) return nullptr;
  const auto first = static_cast<std::uintptr_t>(std::countr_zero(unsigned(earlier.epoch.bytes() & mask)));
  race_ = {.task = earlier.epoch.task(),
           .tick = earlier.epoch.tick(),
           .is_write = earlier.is_write,
           .freed = earlier.epoch.task() == freed_task,
           .where = earlier.where,
           .address = granule + first};
  return &race_;
}

const Race* Races::check_plain_before(const Cell& cell, std::uintptr_t granule, std::uint8_t mask,
                                      bool is_write) {
  if (is_old(cell.written) && is_old(cell.read)) return nullptr;
  if (details_.has(cell.details)) [[unlikely]] {
    for (const Access& access : details_[cell.details])
      if (const Race* const race = race_with(access, granule, mask, is_write)) return race;
    return nullptr;
  }
  if (const Race* const race = race_with({cell.written, cell.written_at, true}, granule, mask, is_write))
    return race;
  return is_write ? race_with({cell.read, cell.read_at, false}, granule, mask, true) : nullptr;
}

const Race* Races::check_atomics_before(const Cell& cell, std::uintptr_t granule, std::uint8_t mask,
                                        bool is_write) {
  if (!atomics_.has(cell.atomics)) return nullptr;
  for (std::uint32_t number = cell.atomics; number != 0; number = atomics_[number].next) {
    const Atomic& object = atomics_[number];
    if ((mask_of(object.address - granule, object.bytes) & mask) == 0) continue;
    const TaskId writer = object.written.ahead_of(me_->clock);
    const TaskId reader = is_write && writer == no_task ? object.read.ahead_of(me_->clock) : no_task;
    if (writer == no_task && reader == no_task) continue;
    const TaskId task = writer != no_task ? writer : reader;
    race_ = {.task = task, .is_write = writer != no_task, .is_atomic = true, .address = object.address};
    return &race_;
  }
  return nullptr;
}

void Races::note(Cell& cell, Epoch now, bool is_write, std::uint32_t where) {
  Epoch& last = is_write ? cell.written : cell.read;
  Details* details = details_.has(cell.details) ? &details_[cell.details] : nullptr;
  const bool again = last.is_of(now);
  const bool replaces = is_old(last) || (now.covers(last.bytes()) && is_before(last));
  if (details == nullptr && !again && !replaces) details = &make_details(cell);
  last = again ? last.with(now.bytes()) : now;
  (is_write ? cell.written_at : cell.read_at) = where;
  if (details != nullptr) return note_in_details(*details, now, is_write, where);
  // Whoever is not ordered after that read is not ordered after this write either.
  if (is_write && now.covers(cell.read.bytes()) && is_before(cell.read)) cell.read = {};
}

void Races::note_in_details(Details& details, Epoch now, bool is_write, std::uint32_t where) {
  for (Access& access : details) {
    const bool outdated = is_before(access.epoch) && (is_write || !access.is_write);
    if (outdated) access.epoch = access.epoch.without(now.bytes());
  }
  std::erase_if(details, [](const Access& access) { return access.epoch.bytes() == 0; });
  for (Access& access : details)
    if (access.epoch.is_of(now) && access.is_write == is_write && access.where == where) {
      access.epoch = access.epoch.with(now.bytes());
      return;
    }
  details.push_back({now, where, is_write});
}

const Race* Races::plain(std::uintptr_t address, std::size_t bytes, bool is_write, std::uintptr_t where) {
  Race first;
  each_granule(address, bytes, [&](std::uintptr_t granule, std::uint8_t mask) -> const Race* {
    Cell& cell = shadow_.at(granule);
    if (!watching() && !is_freed(cell)) return nullptr;
    const Race* race = check_plain_before(cell, granule, mask, is_write);
    if (race == nullptr) race = check_atomics_before(cell, granule, mask, is_write);
    if (race != nullptr && first.task == no_task) first = *race;
    if (!is_freed(cell))  // what is freed stays so
      note(cell, epoch_.with(mask), is_write, static_cast<std::uint32_t>(where));
    return nullptr;
  });
  race_ = first;
  return race_.task == no_task ? nullptr : &race_;
}

const Race* Races::freed(std::uintptr_t address, std::size_t bytes, std::uintptr_t where) {
  if (!started_ || bytes == 0) return nullptr;
  Race first;
  Cell mark;
  mark.written = Epoch(freed_task, last_tick_, 0xff);
  mark.written_at = static_cast<std::uint32_t>(where);
  Cell* cell = &shadow_.at(address);
  for (std::uintptr_t granule = address; granule < address + bytes; granule += granule_bytes, ++cell) {
    if (watching() && first.task == no_task) {
      const Race* race = check_plain_before(*cell, granule, 0xff, true);
      if (race == nullptr) race = check_atomics_before(*cell, granule, 0xff, true);
      if (race != nullptr) first = *race;
    }
    *cell = mark;
  }
  race_ = first;
  return race_.task == no_task ? nullptr : &race_;
}

void Races::allocated(std::uintptr_t address, std::size_t bytes, std::uintptr_t where) {
  constexpr std::size_t most = 4096;
  if (!watching() || bytes == 0) return;
  Cell mark;
  mark.written = epoch_.with(0xff);
  mark.written_at = static_cast<std::uint32_t>(where);
  const std::size_t granules = (std::min(bytes, most) + granule_bytes - 1) / granule_bytes;
  std::fill_n(&shadow_.at(address), granules, mark);
}

void Races::fresh(std::uintptr_t address, std::size_t bytes) {
  if (!started_) return;
  if (Cell* const cell = shadow_.find(address))
    real::memset(static_cast<void*>(cell), 0, (bytes + granule_bytes - 1) / granule_bytes * sizeof(Cell));
}

}  // namespace harness
