#include "harness/strategies/dpor_trace.hpp"

#include <algorithm>

namespace harness {
namespace {

using dependence::Effect;

// Events whose conflicts are not a matter of one object: they are compared one by one.
constexpr bool is_odd(const Event& event) {
  return dependence::is_mapping(event.op) || event.op == Op::wait || event.op == Op::spawn ||
         event.op == Op::join || dependence::moves_clock(event);
}

// Those that cannot happen at just any time. Others do, with one result or another.
bool may_have_to_wait(const Event& event) {
  if (is_time_out(event) || event.failed) return false;
  switch (event.op) {
    case Op::lock:
    case Op::lock_shared:
      return true;
    case Op::semaphore_wait:
    case Op::join:
      return event.bytes == 0;  // 1: it only tries
    default:
      return false;
  }
}

std::size_t hash_of(std::uintptr_t address, std::uint64_t bytes) {
  const std::uint64_t mixed = (address ^ bytes << 56) * 0x9e37'79b9'7f4a'7c15;
  return static_cast<std::size_t>(mixed >> 20);
}

}  // namespace

void BitRows::widen(std::size_t width) {
  std::vector<Word> wider(rows_ * width);
  for (std::size_t i = 0; i < rows_; ++i)
    std::copy_n(row(i), width_, wider.begin() + static_cast<std::ptrdiff_t>(i * width));
  words_.swap(wider);
  width_ = width;
}

// ------------------------------------------------------------------------------------------------
// Objects

std::uint32_t Trace::find(std::uintptr_t address, std::uint64_t bytes) {
  if (objects_.size() * 2 >= table_.size()) grow_table();
  std::size_t slot = hash_of(address, bytes) & (table_.size() - 1);
  while (table_[slot] != none) {
    const Object& known = objects_[table_[slot]];
    if (known.address == address && known.bytes == bytes) return table_[slot];
    slot = (slot + 1) & (table_.size() - 1);
  }
  return make(address, bytes, slot);
}

std::uint32_t Trace::make(std::uintptr_t address, std::uint64_t bytes, std::size_t slot) {
  const auto id = static_cast<std::uint32_t>(objects_.size());
  table_[slot] = id;
  objects_.push_back({address, bytes, {id}});
  objects_rows_.resize(objects_.size() * row_count);
  if (bytes == 0) return id;
  for (std::uint32_t other = 0; other < id; ++other) {
    Object& known = objects_[other];
    const bool apart = address - known.address >= known.bytes && known.address - address >= bytes;
    if (known.bytes == 0 || apart) continue;
    known.overlapping.push_back(id);
    objects_[id].overlapping.push_back(other);
  }
  return id;
}

void Trace::grow_table() {
  table_.assign(std::max<std::size_t>(64, table_.size() * 4), none);
  for (std::uint32_t id = 0; id < objects_.size(); ++id) {
    std::size_t slot = hash_of(objects_[id].address, objects_[id].bytes) & (table_.size() - 1);
    while (table_[slot] != none) slot = (slot + 1) & (table_.size() - 1);
    table_[slot] = id;
  }
}

Act Trace::act_of(const Event& event) {
  Act act{event, Act::nothing, Act::nothing};
  if (dependence::on_memory(event) != Effect::none) {
    const std::uint64_t bytes = event.op == Op::futex_wait ? 4 : event.bytes;
    act.memory = find(event.object, std::max<std::uint64_t>(bytes, 1));
  }
  if (dependence::on_object(event) != Effect::none) act.object = find(event.object, 0);
  return act;
}

// ------------------------------------------------------------------------------------------------
// Conflicts

void Trace::collect(Effect effect, std::uint32_t object, Word* into) const {
  if (object == none || effect == Effect::none) return;
  for (const std::uint32_t same : objects_[object].overlapping)
    for (std::size_t w = 0; w < words_; ++w) {
      into[w] |= row_of(same, writes)[w];
      if (effect != Effect::read) into[w] |= row_of(same, looks)[w];
      if (effect != Effect::add) into[w] |= row_of(same, adds)[w];
    }
}

void Trace::conflicts(const Act& act, Word* into) const {
  std::fill_n(into, words_, 0);
  if (act.event.op == Op::join && !is_time_out(act.event)) {
    for (TaskId task = 0; task < tasks_.rows(); ++task)
      if (act.event.value == no_task || act.event.value == task)
        for (std::size_t w = 0; w < words_; ++w) into[w] |= tasks_.row(task)[w];
  } else if (is_odd(act.event)) {
    for (Position i = 0; i < size_; ++i)
      if (!steps_[i].inside && dependent(act.event, steps_[i].act.event)) put(into, i);
  } else {
    collect(dependence::on_memory(act.event), act.memory, into);
    collect(dependence::on_object(act.event), act.object, into);
    each_down(odd_.row(0), [&](Position i) {
      if (dependent(act.event, steps_[i].act.event)) put(into, i);
    });
  }
  const Word* const own = steps_of(act.event.task);
  for (std::size_t w = 0; w < words_; ++w) into[w] &= ~own[w];
}

void Trace::enter(const Step& step, Position at, bool present) {
  const auto mark = [&](Word* row) { present ? put(row, at) : drop(row, at); };
  mark(tasks_.row(step.act.event.task));
  if (step.inside) return;
  const Event& event = step.act.event;
  if (is_odd(event)) return mark(odd_.row(0));
  const auto on = [&](Effect effect, std::uint32_t object) {
    if (object != none && effect != Effect::none)
      mark(row_of(object, static_cast<std::uint32_t>(effect) - 1));
  };
  on(dependence::on_memory(event), step.act.memory);
  on(dependence::on_object(event), step.act.object);
}

// ------------------------------------------------------------------------------------------------
// Steps

void Trace::reserve(Position size) {
  if (size > words_ * 64) {
    words_ *= 2;
    for (BitRows* const rows : {&before_, &races_, &tasks_, &objects_rows_, &odd_, &scratch_})
      rows->widen(words_);
  }
  if (size > before_.rows()) {
    before_.resize(std::size_t{size} * 2);
    races_.resize(std::size_t{size} * 2);
    steps_.resize(std::size_t{size} * 2);
  }
}

void Trace::add(const Step& step) {
  reserve(size_ + 2);
  const std::size_t rows = std::size_t{step.act.event.task} + 2;
  if (rows > tasks_.rows()) {
    tasks_.resize(rows);
    no_row_ = rows - 1;
  }
  order(step, size_);
  steps_[size_] = step;
  enter(step, size_, true);
  ++size_;
}

void Trace::probe(const Step& step) {
  reserve(size_ + 2);
  order(step, size_);
  steps_[size_] = step;
}

void Trace::truncate(Position size) {
  while (size_ > size) {
    --size_;
    enter(steps_[size_], size_, false);
  }
}

void Trace::join(Word* row, Position with) const {
  const Word* const other = before_.row(with);
  for (std::size_t w = 0; w < words_; ++w) row[w] |= other[w];
  put(row, with);
}

// What happened before the step: what did before its task's last one, before what it needed, and
// before what it does not commute with.
void Trace::order(const Step& step, Position at) {
  Word* const row = before_.row(at);
  std::fill_n(row, words_, 0);
  std::fill_n(races_.row(at), words_, 0);
  const Word* const own = steps_of(step.act.event.task);
  for (std::size_t w = words_; w-- > 0;)
    if (own[w] != 0) {
      join(row,
           static_cast<Position>(w * 64 + 63) - static_cast<Position>(std::countl_zero(own[w])));
      break;
    }
  if (step.after != none) join(row, step.after);
  if (!step.inside) find_races(step, at);
  if (step.made_possible != none) join(row, step.made_possible);
}

// From the last conflicting step to the first: each that is not before the step by way of something
// else could have come after it, if the step was possible without it and all that followed from it.
// One that the step needed (to unlock is needed to lock) is passed over.
void Trace::find_races(const Step& step, Position at) {
  Word* const row = before_.row(at);
  Word* const rest = scratch_.row(0);
  Word* const seen = scratch_.row(1);
  Word* const without = scratch_.row(2);
  conflicts(step.act, rest);
  const bool waits = may_have_to_wait(step.act.event);
  std::copy_n(row, words_, seen);
  for (std::size_t w = 0; w < words_; ++w) rest[w] &= ~row[w];
  if (waits && step.act.event.op == Op::join)
    return each_down(rest, [&](Position i) { join(row, i); });
  each_down(rest, [&](Position i) {
    if (has(seen, i)) return;
    join(row, i);
    if (waits) {
      std::fill_n(without, words_, 0);
      for (Position k = 0; k < size_; ++k)
        if (k < i || (k > i && !happens_before(i, k))) put(without, k);
      if (!possible_in(step, without)) return;
    }
    put(races_.row(at), i);
    join(seen, i);
  });
}

// ------------------------------------------------------------------------------------------------
// The same event elsewhere

// What is in memory after the steps of `set`. False: not known, as where something has written that
// is no event (an initialisation).
bool Trace::value_in(const Act& act, const Word* set, std::uint64_t& value) const {
  if (act.event.bytes > 8 || objects_[act.memory].overlapping.size() > 1) return false;
  const Word* const written = row_of(act.memory, writes);
  const Word* const read = row_of(act.memory, looks);
  bool found = false, known = false;
  std::uint64_t now = 0;
  for (std::size_t w = 0; w < words_; ++w)
    for (Word any = written[w] | read[w]; any != 0; any &= any - 1) {
      const auto i = static_cast<Position>(w * 64) + static_cast<Position>(std::countr_zero(any));
      const Event& event = steps_[i].act.event;
      if (event.op == Op::read_point || event.op == Op::write_point) return false;
      const bool looks_at = event.op != Op::store && event.op != Op::futex_wait;
      if (found && looks_at && event.before != now) return false;
      if (!found) value = event.before, known = looks_at || event.op == Op::store;
      found = true;
      if (has(written, i))
        now = event.value;
      else if (looks_at)
        now = event.before;
    }
  if (!known) return false;
  for (std::size_t w = words_; w-- > 0;)
    if (const Word both = written[w] & set[w]; both != 0) {
      const std::size_t i = w * 64 + 63 - static_cast<std::size_t>(std::countl_zero(both));
      value = steps_[i].act.event.value;
      break;
    }
  return true;
}

Event Trace::event_in(const Step& step, const Word* set) const {
  Event event = step.act.event;
  std::uint64_t value = 0;
  if (event.op == Op::cas) {
    const bool known = !step.expects_any && value_in(step.act, set, value);
    event.failed = known && value != step.expected;
  } else if (event.op == Op::futex_wait) {
    event.failed = value_in(step.act, set, value) && value != event.value;
  } else if (event.op == Op::try_lock || event.op == Op::try_lock_shared) {
    event.failed = !lock_possible(step.act, set);
  } else if (event.op == Op::semaphore_wait && event.bytes != 0) {
    event.failed = !count_possible(step.act, set);
  }
  return event;
}

void Trace::before_in(Position i, const Word* set, Word* into) const {
  const Step& step = steps_[i];
  if (i != size_ && !can_wait(step)) {
    std::copy_n(before_.row(i), words_, into);
    return;
  }
  // Not what happened before it only because it had to wait, or its task went on without it.
  conflicts(step.act, into);
  const Word* const own = steps_of(step.act.event.task);
  for (std::size_t w = 0; w < words_; ++w) into[w] = (into[w] | own[w]) & set[w];
  if (step.after != none) put(into, step.after);
  each_down(into, [&](Position k) { join(into, k); });
}

bool Trace::can_wait(const Step& step) { return may_have_to_wait(step.act.event); }

bool Trace::possible_in(const Step& step, const Word* set) const {
  if (step.act.event.op == Op::join) return false;
  if (step.act.event.op == Op::semaphore_wait) return count_possible(step.act, set);
  return lock_possible(step.act, set);
}

// Counts who holds the lock.
bool Trace::lock_possible(const Act& act, const Word* set) const {
  int exclusive = 0, shared = 0;
  for (Position i = 0; i < size_; ++i) {
    const Event& event = steps_[i].act.event;
    if (!has(set, i) || event.failed || steps_[i].inside || is_time_out(event)) continue;
    if (event.op == Op::wait && event.value == act.event.object) --exclusive;
    if (event.object != act.event.object) continue;
    exclusive += (event.op == Op::lock || event.op == Op::try_lock) - (event.op == Op::unlock);
    shared += (event.op == Op::lock_shared || event.op == Op::try_lock_shared) -
              (event.op == Op::unlock_shared);
  }
  const bool only_shared = act.event.op == Op::lock_shared || act.event.op == Op::try_lock_shared;
  return exclusive <= 0 && (only_shared || shared <= 0);
}

bool Trace::count_possible(const Act& act, const Word* set) const {
  std::int64_t count = 0;
  bool first = true;
  for (Position i = 0; i < size_; ++i) {
    const Event& event = steps_[i].act.event;
    if (event.object != act.event.object || steps_[i].inside || is_time_out(event)) continue;
    if (event.op != Op::semaphore_post && event.op != Op::semaphore_wait) continue;
    if (first) count = static_cast<std::int64_t>(event.before);
    first = false;
    if (has(set, i) && !event.failed) count += event.op == Op::semaphore_post ? 1 : -1;
  }
  return first || count > 0;
}

}  // namespace harness
