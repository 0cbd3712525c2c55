// dpor: the number of traces of programs where it follows by arithmetic or is published.
#include <gtest/gtest.h>

#include <set>

#include "harness/strategies/dpor.hpp"
#include "harness/strategies/make.hpp"
#include "harness/test/trace_program.hpp"

namespace harness {
namespace {

using namespace machine;

Dpor::Counts explored(const Program& program, int bound = -1) {
  Machine machine(program);
  Dpor dpor(bound);
  std::set<std::string> traces;
  std::uint64_t executions = 0;
  while (const auto outcome = machine.run(dpor, executions)) {
    if (outcome->abandoned) continue;
    ++executions;
    EXPECT_TRUE(traces.insert(outcome->trace).second) << "twice: " << outcome->text;
  }
  EXPECT_TRUE(dpor.exhausted()) << dpor.diverged();
  EXPECT_EQ(dpor.tally().redundant, 0u);
  return dpor.tally();
}

Program tasks(int count, const Code& code) {
  return {std::vector<Code>(static_cast<std::size_t>(count), code)};
}

Code section(int mutex, const Code& inside) {
  Code code{lock(mutex)};
  code.insert(code.end(), inside.begin(), inside.end());
  code.push_back(unlock(mutex));
  return code;
}

Code operator+(Code left, const Code& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// `readers` tasks that load and one that stores.
Program readers(int count) {
  Program program = tasks(count, {load(0)});
  program.tasks.push_back({store(0)});
  return program;
}

Program rotated_cas(int count) {
  Program program;
  for (int i = 0; i < count; ++i) program.tasks.push_back({cas(0, i, i + 1)});
  return program;
}

Program fibonacci(int rounds) {
  Program program;
  Code first, second;
  for (int i = 0; i < rounds; ++i) {
    first = first + Code{load(0), load(1), store(0)};
    second = second + Code{load(1), load(0), store(1)};
  }
  program.tasks = {first, second};
  return program;
}

// With locks in order, a task's two sections overlap those of its neighbours.
Program philosophers(int count, bool in_order) {
  Program program;
  for (int i = 0; i < count; ++i) {
    int first = i, second = (i + 1) % count;
    if (in_order && first > second) std::swap(first, second);
    program.tasks.push_back({lock(first), lock(second), unlock(second), unlock(first)});
  }
  return program;
}

Program s10() {
  Program program;
  for (int i = 0; i < 2; ++i)
    program.tasks.push_back({store(0), load(1), add(0), store(2, i), load(3), cas(1, 0, i + 1),
                             load(2), add(3), lock(0), unlock(0), load(0), store(1, i)});
  return program;
}

Program s6x3() {
  Program program;
  for (int i = 0; i < 3; ++i)
    program.tasks.push_back(
        {store(0), load(1), store(2, i), lock(0), unlock(0), load(0), store(1, i)});
  return program;
}

struct Counted {
  const char* name;
  Program program;
  std::uint64_t traces;
  std::uint64_t blocked = 0;
};

void check(const std::vector<Counted>& programs) {
  for (const Counted& counted : programs) {
    SCOPED_TRACE(counted.name);
    const Dpor::Counts counts = explored(counted.program);
    EXPECT_EQ(counts.completed, counted.traces);
    EXPECT_EQ(counts.blocked, counted.blocked);
  }
}

// Store buffering: each task stores to one variable and loads the other. Of the 6 interleavings
// those that differ in the order of the two stores alone, or of the two loads alone, are one trace.
// Each load is before the other's store or after, and not both before.
TEST(Dpor, StoreBufferingHasThreeTraces) {
  EXPECT_EQ(explored({{{store(0), load(1)}, {store(1), load(0)}}}).completed, 3u);
}

// A trace orders, for each variable, each load and each store: (before or after) for each pair,
// less the ones that no interleaving has.
TEST(Dpor, LitmusTests) {
  check({
      {"one task", {{{store(0), load(0)}}}, 1},
      {"nothing shared", {{{store(0), load(0)}, {store(1), load(1)}}}, 1},
      {"only loads", tasks(3, {load(0), load(1)}), 1},
      {"coherence: two stores, two loads", {{{store(0), store(0)}, {load(0), load(0)}}}, 6},
      {"message passing", {{{store(0), store(1)}, {load(1), load(0)}}}, 3},
      {"load buffering", {{{load(0), store(1)}, {load(1), store(0)}}}, 3},
      {"2+2W", {{{store(0), store(1)}, {store(1), store(0)}}}, 3},
      {"S", {{{store(0), store(1)}, {load(1), store(0)}}}, 3},
      {"R", {{{store(0), store(1)}, {store(1), load(0)}}}, 3},
      {"IRIW", {{{store(0)}, {store(1)}, {load(0), load(1)}, {load(1), load(0)}}}, 15},
      {"write to read causality", {{{store(0)}, {load(0), store(1)}, {load(1), load(0)}}}, 7},
      {"a store and two independent loads", {{{store(0), store(1)}, {load(0)}, {load(1)}}}, 4},
  });
}

// n writers of one variable: n! orders. n readers and a writer: each reads before it or after.
TEST(Dpor, WritersAndReaders) {
  std::uint64_t factorial = 1;
  for (int n = 1; n <= 6; ++n) {
    factorial *= static_cast<std::uint64_t>(n);
    EXPECT_EQ(explored(tasks(n, {store(0)})).completed, factorial);
    EXPECT_EQ(explored(tasks(n, {add(0)})).completed, factorial);
    EXPECT_EQ(explored(tasks(n, {exchange(0, 7)})).completed, factorial);
    EXPECT_EQ(explored(tasks(n, section(0, {add(0)}))).completed, factorial);
    EXPECT_EQ(explored(readers(n)).completed, std::uint64_t{1} << n);
  }
  EXPECT_EQ(explored(readers(13)).completed, 8192u);
  // Two variables: the orders of one and of the other are independent, (n!)^k.
  EXPECT_EQ(explored(tasks(3, {add(0), add(1)})).completed, 36u);
  EXPECT_EQ(explored(tasks(2, {add(0), add(1), add(2)})).completed, 8u);
  EXPECT_EQ(explored(tasks(3, {add(0), add(1), add(2)})).completed, 216u);
  // m and n stores to one variable: all interleavings, (m + n)! / (m! n!).
  EXPECT_EQ(explored({{{store(0), store(0)}, {store(0), store(0)}}}).completed, 6u);
  EXPECT_EQ(explored({{{store(0), store(0), store(0)}, {store(0), store(0)}}}).completed, 10u);
  EXPECT_EQ(explored(tasks(3, {store(0), store(0)})).completed, 90u);
}

// A cas that fails only reads: of n tasks that all want 0 one wins, whichever is first, and the
// others only look: n traces. Those of rotated ones are published.
TEST(Dpor, CompareAndSwap) {
  for (int n = 1; n <= 5; ++n)
    EXPECT_EQ(explored(tasks(n, {cas(0, 0, 1)})).completed, static_cast<std::uint64_t>(n));
  // All fail: all commute.
  EXPECT_EQ(explored(tasks(4, {cas(0, 7, 1)})).completed, 1u);
  EXPECT_EQ(explored(rotated_cas(2)).completed, 2u);
  EXPECT_EQ(explored(rotated_cas(3)).completed, 5u);
  EXPECT_EQ(explored(rotated_cas(5)).completed, 43u);
  EXPECT_EQ(explored(rotated_cas(9)).completed, 8597u);
}

// As GenMC and Nidhugg count them.
TEST(Dpor, PublishedCounts) {
  EXPECT_EQ(explored(fibonacci(2)).completed, 19u);
  EXPECT_EQ(explored(fibonacci(3)).completed, 141u);
  EXPECT_EQ(explored(s10()).completed, 722u);
  EXPECT_EQ(explored(s6x3()).completed, 4182u);
  EXPECT_EQ(explored(tasks(4, {add(0), add(1), add(2)})).completed, 13'824u);
  EXPECT_EQ(explored(tasks(7, {add(0)})).completed, 5040u);
}

// Locks: sections on one mutex in any order, n!; on two mutexes independently.
TEST(Dpor, Mutexes) {
  check({
      {"two sections each", tasks(2, section(0, {}) + section(0, {})), 6},
      {"two mutexes", tasks(2, section(0, {}) + section(1, {})), 3 + 1},
      {"different mutexes", {{section(0, {}), section(1, {})}}, 1},
      {"nested in order", tasks(3, section(0, section(1, {}))), 6},
      {"a lock that is kept", tasks(2, {lock(0)}), 0, 2},
      {"a section and one kept", {{section(0, {}), {lock(0)}}}, 1, 1},
      {"what is read inside", {{section(0, {store(0)}), section(0, {load(0)})}}, 2},
      {"an attempt: before, inside, after", {{section(0, {}), {try_lock(0)}}}, 2, 1},
      {"two attempts", tasks(2, {try_lock(0)}), 2},
      {"readers share", tasks(3, {lock_shared(0), unlock_shared(0)}), 1},
  });
  for (int n = 1; n <= 4; ++n) {
    Program program = tasks(n, {lock_shared(0), unlock_shared(0)});
    program.tasks.push_back(section(0, {}));
    EXPECT_EQ(explored(program).completed, std::uint64_t{1} << n);  // before the writer, or after
  }
}

// Neighbours share a fork: each pair in one order or the other, but not all round in a circle, of
// which there are two. Where all take the left one first, one of them is the deadlock.
TEST(Dpor, DiningPhilosophers) {
  EXPECT_EQ(explored(philosophers(2, true)).completed, 2u);
  EXPECT_EQ(explored(philosophers(3, true)).completed, 6u);
  EXPECT_EQ(explored(philosophers(4, true)).completed, 14u);
  EXPECT_EQ(explored(philosophers(5, true)).completed, 30u);
  const Dpor::Counts two = explored(philosophers(2, false));
  EXPECT_EQ(two.completed, 2u);
  EXPECT_EQ(two.blocked, 1u);
  for (int n = 3; n <= 5; ++n) {
    const Dpor::Counts counts = explored(philosophers(n, false));
    EXPECT_EQ(counts.completed, (std::uint64_t{1} << n) - 2) << n;
    EXPECT_EQ(counts.blocked, 1u) << n;
  }
}

TEST(Dpor, SemaphoresConditionsThreadsAndOutcomes) {
  Program semaphore = tasks(3, {semaphore_wait(0), semaphore_post(0)});
  semaphore.semaphores[0] = 1;
  EXPECT_EQ(explored(semaphore).completed, 6u);
  EXPECT_EQ(explored({{{semaphore_wait(0)}, {semaphore_post(0)}}}).completed, 1u);
  EXPECT_EQ(explored({{{semaphore_try(0)}, {semaphore_post(0)}}}).completed, 2u);
  EXPECT_EQ(explored({{{semaphore_wait(0)}, {semaphore_wait(0)}, {semaphore_post(0)}}}).blocked,
            2u);
  // Notified before it waits, it waits for ever; after, it goes on.
  const Program lost{{{lock(0), wait(0, 0), unlock(0)}, {lock(0), notify_one(0), unlock(0)}}};
  EXPECT_EQ(explored(lost).completed, 1u);
  EXPECT_EQ(explored(lost).blocked, 1u);
  EXPECT_EQ(explored({{{spawn(1), store(0), join(1)}, {store(0)}}}).completed, 2u);
  EXPECT_EQ(explored({{{store(0), spawn(1), join(1), store(0)}, {store(0)}}}).completed, 1u);
  EXPECT_EQ(explored({{{choose(3)}, {store(0)}}}).completed, 3u);
  EXPECT_EQ(explored({{{choose(3)}, {choose(2)}}}).completed, 6u);
  EXPECT_EQ(explored({{{choose(2), skip_unless(1, 1), store(0)}, {store(0)}}}).completed, 3u);
}

// The join is no event that the strategy asked for; the lock after it is none of its steps.
TEST(Dpor, WhatATaskDoesAloneIsNoStep) {
  Program program{{{spawn(1), join(1)}, {lock(0), unlock(0)}}};
  Event event;
  event.task = 0;
  event.op = Op::lock;
  event.object = 0x2000;
  program.alone = {event};
  EXPECT_EQ(explored(program).completed, 1u);
}

// A task that would wait in a loop is stuck where the value is not there: one execution that is
// blocked, not one for each time it looks.
TEST(Dpor, WaitingForAValue) {
  EXPECT_EQ(explored({{{load(0), assume(1)}, {store(0)}}}).completed, 1u);
  EXPECT_EQ(explored({{{load(0), assume(1)}, {store(0)}}}).blocked, 1u);
  const Dpor::Counts two = explored({{{load(0), assume(1)}, {load(0), assume(1)}, {store(0)}}});
  EXPECT_EQ(two.completed, 1u);
  EXPECT_EQ(two.blocked, 3u);
}

TEST(Dpor, CountsWithinABoundOnPreemptions) {
  const auto within = [](const Program& program, int bound) {
    const Dpor::Counts counts = explored(program, bound);
    return counts.completed - counts.beyond_bound;
  };
  const std::vector<std::uint64_t> published{6, 56, 208, 430, 620, 706, 722};
  for (int bound = 0; bound <= 6; ++bound)
    EXPECT_EQ(within(s10(), bound), published[static_cast<std::size_t>(bound)]);
  const std::vector<std::uint64_t> of_three{66, 576, 2016, 3606, 4152, 4182};
  for (int bound = 0; bound <= 5; ++bound)
    EXPECT_EQ(within(s6x3(), bound), of_three[static_cast<std::size_t>(bound)]);
  // Two stores each: aabb and bbaa need none, abba and baab one, abab and baba two.
  const Program stores = tasks(2, {store(0), store(0)});
  EXPECT_EQ(within(stores, 0), 2u);
  EXPECT_EQ(within(stores, 1), 4u);
  EXPECT_EQ(within(stores, 2), 6u);
}

TEST(Dpor, AnExecutionBeyondTheBoundDoesNotCount) {
  const Program program = tasks(2, {store(0), store(0)});
  Machine machine(program);
  const auto strategy = make_strategy("dpor", {.preemptions = 0});
  int counted = 0, all = 0;
  while (machine.run(*strategy, static_cast<std::uint64_t>(counted))) {
    ++all;
    counted += strategy->counts() ? 1 : 0;
  }
  EXPECT_EQ(all, 6);
  EXPECT_EQ(counted, 2);
  EXPECT_TRUE(strategy->exhausted());
}

TEST(Dpor, AProgramThatDoesNotDoTheSameIsNoticed) {
  Dpor dpor(-1);
  const Program before = tasks(2, {store(0), store(0)}), after = tasks(3, {load(0), store(0)});
  ASSERT_TRUE(Machine(before).run(dpor, 0));
  Machine(after).run(dpor, 1);
  EXPECT_NE(
      dpor.diverged().find("the program does not do the same for the same choices: at step 1"),
      std::string::npos)
      << dpor.diverged();
  EXPECT_FALSE(dpor.begin(2));
  EXPECT_FALSE(dpor.exhausted());
}

TEST(Dpor, AProgramThatEndsEarlierIsNoticed) {
  Dpor dpor(-1);
  const Program before = tasks(2, {store(0), store(0), store(0)}), after = tasks(2, {store(0)});
  ASSERT_TRUE(Machine(before).run(dpor, 0));
  Machine(after).run(dpor, 1);
  EXPECT_NE(dpor.diverged(), "");
  EXPECT_FALSE(dpor.exhausted());
}

TEST(Dpor, ExecutionsThatAreCutOffCountApart) {
  const Program program = tasks(2, {store(0), store(0), store(0)});
  Machine machine(program);
  Dpor dpor(-1);
  std::uint64_t executions = 0;
  std::set<std::string> texts;
  while (const auto outcome = machine.run(dpor, executions, 2)) {
    ++executions;
    EXPECT_TRUE(texts.insert(outcome->text).second);
  }
  EXPECT_EQ(dpor.tally().completed, 0u);
  EXPECT_EQ(dpor.tally().blocked, executions);
}

// The trees are lost with the worker: the next one executes all interleavings.
TEST(Dpor, ANewWorkerLeavesNothingOut) {
  const Program program = tasks(2, {store(0), load(1)});
  Machine machine(program);
  std::vector<Choice> path;
  std::uint64_t memory = 0, executions = 0;
  std::set<std::string> texts;
  for (bool done = false; !done;) {
    Dpor dpor(-1);
    if (executions != 0) {
      dpor.recall(memory);
      dpor.resume(executions, path);
    }
    auto outcome = machine.run(dpor, executions);
    while (outcome && outcome->abandoned) outcome = machine.run(dpor, executions);
    done = !outcome;
    if (done) {
      EXPECT_TRUE(dpor.exhausted());
      break;
    }
    ++executions;
    ASSERT_LT(executions, 100u);
    texts.insert(outcome->text);
    path = outcome->choices;
    memory = dpor.memory();
  }
  EXPECT_EQ(texts.size(), 6u);
}

}  // namespace
}  // namespace harness
