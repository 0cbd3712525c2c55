// dependent(): which events commute, op by op.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/strategies/dependence.hpp"

namespace harness {
namespace {

constexpr std::uintptr_t page = 4096;
constexpr std::uintptr_t place = 16 * page;

Event event(Op op, std::uintptr_t object = 0, std::uint64_t bytes = 0) {
  Event made;
  made.op = op;
  made.object = object;
  made.bytes = bytes;
  return made;
}
Event failed(Event of) {
  of.failed = true;
  return of;
}
Event with_value(Event of, std::uint64_t value) {
  of.value = value;
  return of;
}
Event timed_out(Event of) {
  of.alternative = 1;
  return of;
}

// Of two tasks, and the same either way round.
bool conflict(Event a, Event b) {
  a.task = 1;
  b.task = 2;
  const bool result = dependent(a, b);
  EXPECT_EQ(dependent(b, a), result) << name_of(a.op) << ", " << name_of(b.op);
  return result;
}

const std::vector<Op> writing{Op::store, Op::rmw, Op::cas, Op::write_point};
const std::vector<Op> reading{Op::load, Op::read_point};
const std::vector<Op> on_objects{
    Op::lock,          Op::try_lock, Op::unlock, Op::lock_shared, Op::try_lock_shared,
    Op::unlock_shared, Op::wait,     Op::wake,   Op::notify,      Op::futex_wait,
    Op::futex_wake,    Op::once,     Op::guard,  Op::barrier,     Op::semaphore_wait,
    Op::semaphore_post};
const std::vector<Op> nothing{Op::start, Op::end,   Op::yield, Op::fence,
                              Op::point, Op::enter, Op::leave};
const std::vector<Op> mappings{Op::map, Op::unmap, Op::discard, Op::protect};

TEST(Dependent, LoadsCommuteAndStoresDoNot) {
  for (const Op a : reading) {
    for (const Op b : reading) EXPECT_FALSE(conflict(event(a, 64, 8), event(b, 64, 8)));
    for (const Op b : writing) EXPECT_TRUE(conflict(event(a, 64, 8), event(b, 64, 8)));
  }
  for (const Op a : writing)
    for (const Op b : writing) EXPECT_TRUE(conflict(event(a, 64, 8), event(b, 64, 8)));
}

TEST(Dependent, OnlyWhereTheBytesOverlap) {
  EXPECT_TRUE(conflict(event(Op::store, 64, 8), event(Op::load, 71, 1)));
  EXPECT_FALSE(conflict(event(Op::store, 64, 8), event(Op::load, 72, 8)));
  EXPECT_FALSE(conflict(event(Op::store, 64, 8), event(Op::load, 60, 4)));
  EXPECT_TRUE(conflict(event(Op::store, 64, 8), event(Op::load, 60, 5)));
  EXPECT_TRUE(conflict(event(Op::store, 64, 1), event(Op::load, 56, 16)));
  EXPECT_TRUE(conflict(event(Op::store, 64), event(Op::store, 64)));  // one byte at least
  const std::uintptr_t end = ~std::uintptr_t{0};
  EXPECT_TRUE(conflict(event(Op::store, end - 3, 100), event(Op::store, end, 100)));
  EXPECT_FALSE(conflict(event(Op::store, end - 3, 100), event(Op::store, 0, 8)));
}

TEST(Dependent, ACasThatFailedOnlyReads) {
  const Event cas = event(Op::cas, 64, 8);
  EXPECT_FALSE(conflict(failed(cas), failed(cas)));
  EXPECT_FALSE(conflict(failed(cas), event(Op::load, 64, 8)));
  EXPECT_TRUE(conflict(failed(cas), cas));
  EXPECT_TRUE(conflict(failed(cas), event(Op::store, 64, 8)));
}

TEST(Dependent, EventsOnOneObjectConflictAndOnTwoDoNot) {
  const auto counts = [](Op op) {
    return op == Op::lock_shared || op == Op::try_lock_shared || op == Op::unlock_shared ||
           op == Op::semaphore_post;
  };
  for (const Op a : on_objects)
    for (const Op b : on_objects) {
      // The mutex that a wait gives up is yet another one.
      EXPECT_EQ(conflict(with_value(event(a, 64), 512), with_value(event(b, 64), 256)),
                !(counts(a) && counts(b)))
          << name_of(a) << ", " << name_of(b);
      EXPECT_FALSE(conflict(with_value(event(a, 64), 512), with_value(event(b, 128), 256)))
          << name_of(a) << ", " << name_of(b);
    }
}

TEST(Dependent, AttemptsThatFailedOnlyLook) {
  for (const Op op : {Op::try_lock, Op::try_lock_shared, Op::semaphore_wait}) {
    EXPECT_FALSE(conflict(failed(event(op, 64)), failed(event(op, 64))));
    EXPECT_TRUE(conflict(failed(event(op, 64)), event(Op::unlock, 64)));
    EXPECT_TRUE(conflict(failed(event(op, 64)), event(Op::lock, 64)));
  }
  // It failed because of a reader: the other way round it would not have.
  EXPECT_TRUE(conflict(failed(event(Op::try_lock, 64)), event(Op::lock_shared, 64)));
  EXPECT_TRUE(conflict(failed(event(Op::try_lock, 64)), event(Op::unlock_shared, 64)));
  EXPECT_TRUE(conflict(failed(event(Op::semaphore_wait, 64)), event(Op::semaphore_post, 64)));
}

TEST(Dependent, AWaitGivesUpItsMutex) {
  const Event wait = with_value(event(Op::wait, 64), 512);
  for (const Op op : {Op::lock, Op::try_lock, Op::unlock, Op::lock_shared, Op::unlock_shared}) {
    EXPECT_TRUE(conflict(wait, event(op, 512)));
    EXPECT_FALSE(conflict(wait, event(op, 1024)));
    EXPECT_TRUE(conflict(event(Op::wait, 64), event(op, 1024)));  // which one is not known
  }
  EXPECT_TRUE(conflict(wait, with_value(event(Op::wait, 128), 512)));
  EXPECT_FALSE(conflict(wait, with_value(event(Op::wait, 128), 1024)));
  EXPECT_TRUE(conflict(wait, event(Op::wait, 128)));
  EXPECT_FALSE(conflict(wait, event(Op::notify, 512)));
}

TEST(Dependent, AFutexWaitReadsItsWord) {
  EXPECT_TRUE(conflict(event(Op::futex_wait, 64), event(Op::store, 64, 4)));
  EXPECT_TRUE(conflict(event(Op::futex_wait, 64), event(Op::rmw, 67, 1)));
  EXPECT_FALSE(conflict(event(Op::futex_wait, 64), event(Op::store, 68, 4)));
  EXPECT_FALSE(conflict(event(Op::futex_wait, 64), event(Op::load, 64, 4)));
  EXPECT_FALSE(conflict(event(Op::futex_wake, 64), event(Op::store, 64, 4)));
  EXPECT_TRUE(conflict(event(Op::futex_wait, 64), event(Op::futex_wait, 64)));
  EXPECT_FALSE(conflict(failed(event(Op::futex_wait, 64)), event(Op::futex_wake, 64)));
  EXPECT_TRUE(conflict(failed(event(Op::futex_wait, 64)), event(Op::store, 64, 4)));
}

TEST(Dependent, MappingsConflictWithWhatTouchesTheirPages) {
  for (const Op op : mappings) {
    const Event mapping = event(op, place, page + 1);  // two pages
    for (const auto& ops : {reading, writing, on_objects})
      for (const Op other : ops) {
        EXPECT_TRUE(conflict(mapping, event(other, place + 8, 8)));
        EXPECT_TRUE(conflict(mapping, event(other, place + 2 * page - 1, 8)));
        EXPECT_TRUE(conflict(mapping, event(other, place - 1, 8)));
        EXPECT_FALSE(conflict(mapping, event(other, place + 2 * page, 8))) << name_of(other);
        EXPECT_FALSE(conflict(mapping, event(other, place - 8, 8))) << name_of(other);
      }
    for (const Op other : nothing) EXPECT_FALSE(conflict(mapping, event(other)));
  }
}

TEST(Dependent, MappingsConflictWithEachOther) {
  // Wherever they are: how much is accessible at a time is told by their order.
  const auto is_counted = [](Op op) { return op == Op::map || op == Op::unmap || op == Op::protect; };
  for (const Op a : mappings)
    for (const Op b : mappings) {
      EXPECT_TRUE(conflict(event(a, place, page), event(b, place, page)));
      EXPECT_EQ(conflict(event(a, place, page), event(b, place + page, page)),
                is_counted(a) && is_counted(b));
    }
  EXPECT_FALSE(conflict(failed(event(Op::map, 0, page)), event(Op::map, place, page)));
  EXPECT_FALSE(conflict(failed(event(Op::map, 0, page)), event(Op::store, 8, 8)));
}

TEST(Dependent, AMapWithoutAnAddressMayTakeAny) {
  const Event pending = event(Op::map, 0, page);
  EXPECT_TRUE(conflict(pending, pending));
  EXPECT_TRUE(conflict(pending, event(Op::load, place, 8)));
  EXPECT_TRUE(conflict(pending, event(Op::protect, place, page)));
  EXPECT_FALSE(conflict(pending, event(Op::point)));
}

TEST(Dependent, SpawnAndJoinConflictWithTheTaskConcerned) {
  for (const Op op : {Op::spawn, Op::join}) {
    EXPECT_TRUE(conflict(with_value(event(op), 2), event(Op::load, 64, 8)));
    EXPECT_TRUE(conflict(with_value(event(op), 2), event(Op::yield)));
    EXPECT_FALSE(conflict(with_value(event(op), 3), event(Op::store, 64, 8)));
  }
  EXPECT_TRUE(conflict(with_value(event(Op::spawn), 3), with_value(event(Op::spawn), 4)));
  EXPECT_FALSE(conflict(with_value(event(Op::join), 3), with_value(event(Op::join), 4)));
  EXPECT_TRUE(conflict(with_value(event(Op::join), no_task), event(Op::load, 64, 8)));
}

TEST(Dependent, OnlyTheClockTellsTheTime) {
  const Event clock = event(Op::clock), sleep = event(Op::sleep);
  const Event late = timed_out(event(Op::wake, 64));
  EXPECT_TRUE(conflict(clock, clock));
  EXPECT_TRUE(conflict(clock, sleep));
  EXPECT_TRUE(conflict(clock, late));
  EXPECT_FALSE(conflict(sleep, sleep));
  EXPECT_FALSE(conflict(sleep, late));
  EXPECT_FALSE(conflict(late, timed_out(event(Op::semaphore_wait, 128))));
  EXPECT_FALSE(conflict(clock, event(Op::wake, 64)));
}

TEST(Dependent, PointsYieldsAndFencesCommuteWithAll) {
  for (const Op a : nothing)
    for (int op = 0; is_scheduling_point(static_cast<Op>(op)); ++op)
      EXPECT_FALSE(conflict(with_value(event(a), 7), with_value(event(static_cast<Op>(op)), 7)))
          << name_of(a) << ", " << op;
}

// Symmetric in all there is, and events of one task never commute.
TEST(Dependent, IsSymmetric) {
  std::vector<Event> all;
  for (int op = 0; is_scheduling_point(static_cast<Op>(op)); ++op)
    for (const std::uintptr_t object : {std::uintptr_t{0}, place, place + 8})
      for (const std::uint64_t value : {0ul, 1ul, 2ul, place + 0ul})
        for (const int variant : {0, 1, 2}) {
          Event made = with_value(event(static_cast<Op>(op), object, variant == 2 ? 16 : 0), value);
          made.failed = variant == 1;
          made.alternative = variant == 2 ? 1 : 0;
          all.push_back(made);
        }
  for (const Event& a : all) {
    EXPECT_TRUE(dependent(a, a));
    for (const Event& b : all) conflict(a, b);
  }
}

TEST(TimeOut, IsTheSecondOutcomeOfATimedWait) {
  for (const Op op : {Op::wake, Op::lock, Op::lock_shared, Op::semaphore_wait, Op::join}) {
    EXPECT_TRUE(is_time_out(timed_out(event(op, 64))));
    EXPECT_FALSE(is_time_out(event(op, 64)));
  }
  // The second waiter is notified; the address was used before.
  EXPECT_FALSE(is_time_out(timed_out(event(Op::notify, 64))));
  EXPECT_FALSE(is_time_out(timed_out(event(Op::map, 0))));
}

}  // namespace
}  // namespace harness
