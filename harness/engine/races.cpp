#include "harness/engine/races.hpp"

namespace harness {
namespace {

constexpr std::uintptr_t granule_bytes = 8;

// Above the low bits of an order are hints to the processor.
constexpr int order_bits = 0xf;

bool acquires(int order) {
  order &= order_bits;
  return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME || order == __ATOMIC_ACQ_REL ||
         order == __ATOMIC_SEQ_CST;
}
bool releases(int order) {
  order &= order_bits;
  return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

std::uint8_t mask_of(std::size_t offset, std::size_t bytes) {
  return static_cast<std::uint8_t>(((1u << bytes) - 1) << offset);
}

}  // namespace

// Calls visit(granule, mask of the bytes in it) until one answers with a race.
template <class Visit>
std::optional<Race> Races::each_granule(std::uintptr_t address, std::size_t bytes, Visit visit) {
  for (const std::uintptr_t end = address + bytes; address < end;) {
    const std::uintptr_t granule = address & ~(granule_bytes - 1);
    const std::uintptr_t stop = std::min(end, granule + granule_bytes);
    if (auto race = visit(granule, mask_of(address - granule, stop - address))) return race;
    address = stop;
  }
  return {};
}

// ---------------------------------------------------------------------------------------------------------
// Tasks

void Races::begin() {
  ++execution_;
  first_tick_ = last_tick_ + 1;
  epoch_ = {};
  clock_count_ = atomic_count_ = details_count_ = 1;
}

void Races::created(TaskId creator, TaskId task) {
  if (tasks_.size() <= std::max(creator, task)) {
    tasks_.resize(std::max(creator, task) + std::size_t{1});
    epochs_.resize(tasks_.size());
  }
  if (!watching()) {
    tasks_[creator].start();
    tasks_[creator].clock.set(creator, first_tick_);
    last_tick_ = first_tick_;
    runs(creator);
  }
  tasks_[task].start();
  tasks_[task].clock.join(tasks_[creator].clock);
  tasks_[task].clock.set(task, first_tick_);
  epochs_[task] = Epoch(task, first_tick_);
  advance();
}

void Races::inherited(TaskId task, TaskId from) { tasks_[task].clock.join(tasks_[from].clock); }

void Races::joined(TaskId ended) {
  if (watching()) mine().clock.join(tasks_[ended].clock);
}

void Races::advance() {
  const TaskId me = epoch_.task();
  const Tick tick = epoch_.tick() + 1;
  last_tick_ = std::max(last_tick_, tick);
  tasks_[me].clock.set(me, tick);
  epoch_ = epochs_[me] = Epoch(me, tick);
}

// ---------------------------------------------------------------------------------------------------------
// Synchronisation

VectorClock& Races::clock_at(std::uint32_t& index) {
  if (index == 0) {
    index = static_cast<std::uint32_t>(clock_count_++);
    if (clocks_.size() < clock_count_) clocks_.resize(clock_count_ * 2);
    clocks_[index].clear();
  }
  return clocks_[index];
}

void Races::acquire(std::uint32_t clock) {
  if (watching() && clock != 0) mine().clock.join(clocks_[clock]);
}

void Races::release(std::uint32_t& clock) {
  if (!watching()) return;
  clock_at(clock) = mine().clock;
  advance();
}

void Races::release_join(std::uint32_t& clock) {
  if (!watching()) return;
  clock_at(clock).join(mine().clock);
  advance();
}

void Races::fence(int order) {
  if (!watching()) return;
  TaskClocks& me = mine();
  if (acquires(order)) me.clock.join(me.pending);
  if (!releases(order)) return;
  me.released = me.clock;
  advance();
}

Races::Atomic& Races::atomic_at(Cell& cell, std::uintptr_t address) {
  const std::uintptr_t granule = address & ~(granule_bytes - 1);
  const auto is_here = [&](std::uint32_t index) {
    return index < atomic_count_ && atomics_[index].execution == execution_ &&
           (atomics_[index].address & ~(granule_bytes - 1)) == granule;
  };
  std::uint32_t index = is_here(cell.atomics) ? cell.atomics : 0;
  const std::uint32_t first = index;
  for (; index != 0; index = atomics_[index].next)
    if (atomics_[index].address == address) return atomics_[index];
  index = static_cast<std::uint32_t>(atomic_count_++);
  while (atomics_.size() < atomic_count_) atomics_.emplace_back();
  Atomic& made = atomics_[index];
  made.execution = execution_;
  made.address = address;
  made.bytes = 0;
  made.next = first;
  made.clock.clear();
  made.written.clear();
  made.read.clear();
  cell.atomics = index;
  return made;
}

// What the operation makes known, to the task and to those who read from it.
void Races::synchronise(Atomic& object, bool reads, bool writes, int order) {
  TaskClocks& me = mine();
  if (reads) (acquires(order) ? me.clock : me.pending).join(object.clock);
  if (!writes) return;
  const VectorClock& told = releases(order) ? me.clock : me.released;
  if (!reads) object.clock = told;  // a store ends the release sequence that was there
  else object.clock.join(told);
  if (releases(order)) advance();
}

std::optional<Race> Races::atomic(std::uintptr_t address, std::size_t bytes, bool reads, bool writes,
                                  int order) {
  if (!watching()) return {};
  const Epoch now = epoch_;
  const auto race = each_granule(address, bytes, [&](std::uintptr_t granule, std::uint8_t mask) {
    Cell& cell = shadow_.at(granule);
    Atomic& object = atomic_at(cell, std::max(granule, address));
    object.bytes = std::max<std::size_t>(object.bytes, std::popcount(mask));
    (writes ? object.written : object.read).set(now.task(), now.tick());
    return check_plain_before(cell, granule, mask, writes);
  });
  synchronise(atomic_at(shadow_.at(address), address), reads, writes, order);
  return race;
}

// ---------------------------------------------------------------------------------------------------------
// Plain accesses

Races::Details* Races::details_of(const Cell& cell) {
  if (cell.details == 0 || cell.details >= details_count_) return nullptr;
  Details& details = details_[cell.details];
  return details.execution == execution_ && details.cell == &cell ? &details : nullptr;
}

Races::Details& Races::make_details(Cell& cell) {
  const std::size_t index = details_count_++;
  while (details_.size() < details_count_) details_.emplace_back();
  Details& details = details_[index];
  details.execution = execution_;
  details.cell = &cell;
  details.accesses.clear();
  if (!is_old(cell.written)) details.accesses.push_back({cell.written, cell.written_at, true});
  if (!is_old(cell.read)) details.accesses.push_back({cell.read, cell.read_at, false});
  cell.details = static_cast<std::uint32_t>(index);
  return details;
}

std::optional<Race> Races::check_plain_before(const Cell& cell, std::uintptr_t granule, std::uint8_t mask,
                                              bool is_write) {
  const auto race_with = [&](Epoch earlier, std::uint32_t where, bool was_write) -> std::optional<Race> {
    if (!conflicts(earlier, mask) || !(is_write || was_write)) return {};
    const auto first = static_cast<std::uintptr_t>(std::countr_zero(unsigned(earlier.bytes() & mask)));
    return Race{.task = earlier.task(), .tick = earlier.tick(), .is_write = was_write,
                .freed = earlier.task() == freed_task, .where = where, .address = granule + first};
  };
  if (const Details* const details = details_of(cell)) {
    for (const Access& access : details->accesses)
      if (auto race = race_with(access.epoch, access.where, access.is_write)) return race;
    return {};
  }
  if (auto race = race_with(cell.written, cell.written_at, true)) return race;
  return race_with(cell.read, cell.read_at, false);
}

std::optional<Race> Races::check_atomics_before(const Cell& cell, std::uintptr_t granule, std::uint8_t mask,
                                                bool is_write) {
  if (cell.atomics >= atomic_count_) return {};
  for (std::uint32_t index = cell.atomics; index != 0; index = atomics_[index].next) {
    const Atomic& object = atomics_[index];
    if (object.execution != execution_ || (object.address & ~(granule_bytes - 1)) != granule) return {};
    if ((mask_of(object.address - granule, object.bytes) & mask) == 0) continue;
    const TaskId writer = object.written.ahead_of(mine().clock);
    const TaskId reader = is_write ? object.read.ahead_of(mine().clock) : no_task;
    if (writer == no_task && reader == no_task) continue;
    const bool was_write = writer != no_task;
    const TaskId task = was_write ? writer : reader;
    return Race{.task = task, .tick = (was_write ? object.written : object.read).of(task),
                .is_write = was_write, .is_atomic = true, .address = object.address};
  }
  return {};
}

void Races::note(Cell& cell, Epoch now, bool is_write, std::uint32_t where) {
  Epoch& last = is_write ? cell.written : cell.read;
  Details* details = details_of(cell);
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
  for (Access& access : details.accesses) {
    const bool outdated = is_before(access.epoch) && (is_write || !access.is_write);
    if (outdated) access.epoch = access.epoch.without(now.bytes());
  }
  std::erase_if(details.accesses, [](const Access& access) { return access.epoch.bytes() == 0; });
  for (Access& access : details.accesses)
    if (access.epoch.is_of(now) && access.is_write == is_write && access.where == where) {
      access.epoch = access.epoch.with(now.bytes());
      return;
    }
  details.accesses.push_back({now, where, is_write});
}

std::optional<Race> Races::plain(std::uintptr_t address, std::size_t bytes, bool is_write,
                                 std::uintptr_t where) {
  std::optional<Race> first;
  each_granule(address, bytes, [&](std::uintptr_t granule, std::uint8_t mask) -> std::optional<Race> {
    Cell& cell = shadow_.at(granule);
    auto race = check_plain_before(cell, granule, mask, is_write);
    if (!race) race = check_atomics_before(cell, granule, mask, is_write);
    if (race && !first) first = race;
    if (race && race->freed) return race;  // it stays freed
    note(cell, epoch_.with(mask), is_write, static_cast<std::uint32_t>(where));
    return {};
  });
  return first;
}

std::optional<Race> Races::freed(std::uintptr_t address, std::size_t bytes, std::uintptr_t where) {
  if (!watching()) return {};
  std::optional<Race> first;
  each_granule(address, bytes, [&](std::uintptr_t granule, std::uint8_t) -> std::optional<Race> {
    Cell& cell = shadow_.at(granule);
    if (!first) first = check_plain_before(cell, granule, 0xff, true);
    if (!first) first = check_atomics_before(cell, granule, 0xff, true);
    cell = {};
    cell.written = Epoch(freed_task, epoch_.tick(), 0xff);
    cell.written_at = static_cast<std::uint32_t>(where);
    return {};
  });
  return first;
}

void Races::fresh(std::uintptr_t address, std::size_t bytes) {
  if (!watching()) return;
  each_granule(address, bytes, [&](std::uintptr_t granule, std::uint8_t) -> std::optional<Race> {
    if (Cell* const cell = shadow_.find(granule)) *cell = {};
    return {};
  });
}

}  // namespace harness
