// The hash of the happens-before order: what commutes does not count, what conflicts does.
#include <gtest/gtest.h>

#include "harness/engine/order_hash.hpp"
#include "harness/engine/shared.hpp"

namespace harness {
namespace {

struct Done {
  TaskId task;
  Op op;
  std::uintptr_t object;
};

std::uint64_t hash_of(std::initializer_list<Done> events) {
  OrderHash hash;
  hash.begin();
  for (const Done& done : events) hash.add(Event{.task = done.task, .op = done.op, .object = done.object});
  return hash.value();
}

constexpr std::uintptr_t x = 0x1000, y = 0x2000;

TEST(OrderHash, EventsOnDifferentObjectsCommute) {
  EXPECT_EQ(hash_of({{1, Op::store, x}, {2, Op::store, y}}), hash_of({{2, Op::store, y}, {1, Op::store, x}}));
}

TEST(OrderHash, WritesOfOneObjectDoNot) {
  EXPECT_NE(hash_of({{1, Op::store, x}, {2, Op::store, x}}), hash_of({{2, Op::store, x}, {1, Op::store, x}}));
  EXPECT_NE(hash_of({{1, Op::lock, x}, {2, Op::try_lock, x}}), hash_of({{2, Op::try_lock, x}, {1, Op::lock, x}}));
}

TEST(OrderHash, ReadsCommuteWithReadsButNotWithWrites) {
  EXPECT_EQ(hash_of({{1, Op::load, x}, {2, Op::load, x}, {3, Op::store, x}}),
            hash_of({{2, Op::load, x}, {1, Op::load, x}, {3, Op::store, x}}));
  EXPECT_NE(hash_of({{1, Op::load, x}, {2, Op::store, x}}), hash_of({{2, Op::store, x}, {1, Op::load, x}}));
  EXPECT_NE(hash_of({{1, Op::load, x}, {2, Op::load, x}, {3, Op::store, x}}),
            hash_of({{1, Op::load, x}, {3, Op::store, x}, {2, Op::load, x}}));
}

TEST(OrderHash, WhichWriteIsReadCounts) {
  EXPECT_NE(hash_of({{1, Op::store, x}, {1, Op::store, x}, {2, Op::load, x}}),
            hash_of({{1, Op::store, x}, {2, Op::load, x}, {1, Op::store, x}}));
}

TEST(OrderHash, AWaitGivesUpItsMutex) {
  const auto waiting = [](bool first) {
    OrderHash hash;
    hash.begin();
    const Event wait{.task = 1, .op = Op::wait, .object = y, .value = x};
    const Event lock{.task = 2, .op = Op::lock, .object = x};
    hash.add(first ? wait : lock);
    hash.add(first ? lock : wait);
    return hash.value();
  };
  EXPECT_NE(waiting(true), waiting(false));
}

TEST(OrderHash, AlternativesAreDifferent) {
  OrderHash hash;
  hash.begin();
  hash.add(Event{.task = 1, .op = Op::map});
  const std::uint64_t fresh = hash.value();
  hash.begin();
  hash.add(Event{.task = 1, .op = Op::map, .alternative = 1});
  EXPECT_NE(hash.value(), fresh);
}

TEST(OrderHash, ManyObjectsAndManyExecutions) {
  OrderHash hash;
  std::uint64_t first = 0;
  for (int execution = 0; execution < 3; ++execution) {
    hash.begin();
    for (std::uintptr_t i = 0; i < 5000; ++i)
      hash.add(Event{.task = static_cast<TaskId>(i % 7), .op = Op::store, .object = 0x1000 + 8 * (i % 2500)});
    if (execution == 0) first = hash.value();
    EXPECT_EQ(hash.value(), first);
  }
}

TEST(DistinctHashes, CountsThoseThatCameOnce) {
  const auto distinct = std::make_unique<DistinctHashes>();
  for (const std::uint64_t hash : {std::uint64_t{5} << 40, std::uint64_t{6} << 40, std::uint64_t{5} << 40, std::uint64_t{7} << 40,
                                   std::uint64_t{5} << 40, std::uint64_t{0}, std::uint64_t{0}}) distinct->note(hash);
  distinct->settle();
  EXPECT_EQ(distinct->count, 4u);
  EXPECT_EQ(distinct->once, 2u);
}

}  // namespace
}  // namespace harness
