// dpor against brute force: small random programs, of which dfs executes every interleaving. dpor
// must execute exactly one of each trace, and reach the same final states.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "harness/strategies/dpor.hpp"
#include "harness/strategies/make.hpp"
#include "harness/test/trace_program.hpp"

namespace harness {
namespace {

using namespace machine;

// What a program is made of.
enum class Of { memory, locks, everything };

class Author {
 public:
  Author(std::uint64_t seed, Of of) : state_(seed * 0x9e37'79b9'7f4a'7c15 + 1), of_(of) {}

  Program write() {
    Program program;
    const int tasks = 2 + below(2);
    for (int task = 0; task < tasks; ++task) program.tasks.push_back(code(tasks == 2 ? 5 : 3));
    if (of_ != Of::memory && below(3) == 0) add_parent(program);
    program.semaphores[0] = below(3);
    return program;
  }

 private:
  int below(int bound) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((state_ >> 33) % static_cast<std::uint64_t>(bound));
  }

  // Parts are left out as a whole, so that a lock that is given back was taken.
  Code code(int most) {
    Code result;
    const int parts = 1 + below(most);
    std::size_t guard = 0;
    for (int i = 0; i < parts || guard != 0; ++i) {
      const std::size_t guarding = guard, begin = result.size();
      guard = 0;
      const int kind = below(of_ == Of::memory ? 7 : of_ == Of::locks ? 12 : 18);
      if (kind < 7)
        memory(kind, result, guard);
      else if (kind < 12)
        locks(kind, result);
      else
        others(kind, result, guard);
      if (guarding != 0) result[guarding - 1].wanted = static_cast<int>(result.size() - begin);
    }
    return result;
  }

  static void append(Code& code, const Code& more) {
    code.insert(code.end(), more.begin(), more.end());
  }

  void memory(int kind, Code& code, std::size_t& guard) {
    const int v = below(2);
    if (kind == 0) append(code, {load(v)});
    if (kind == 1) append(code, {store(v, 1 + below(2))});
    if (kind == 2) append(code, {add(v)});
    if (kind == 3) append(code, {cas(v, below(2), 1 + below(2))});
    if (kind == 4) append(code, {load(v), skip_unless(below(2), 1)});
    if (kind == 5) append(code, {load(v), store_sum(1 - v, 1)});
    if (kind == 6) append(code, {cas(v, 0, 1), skip_unless(1, 1)});
    if (kind == 4 || kind == 6) guard = code.size();
  }

  void locks(int kind, Code& code) {
    const int v = below(2), mutex = below(2);
    const Instruction access = below(2) == 0 ? load(v) : store(v);
    if (kind <= 8) append(code, {lock(mutex), access});
    if (kind <= 8 && below(12) != 0) append(code, {unlock(mutex)});
    if (kind == 9) append(code, {try_lock(mutex), skip_unless(1, 1), unlock(mutex)});
    if (kind == 10) append(code, {lock_shared(0), access, unlock_shared(0)});
    if (kind == 11) append(code, {try_lock_shared(0), skip_unless(1, 1), unlock_shared(0)});
  }

  void others(int kind, Code& code, std::size_t& guard) {
    if (kind == 12) append(code, {semaphore_wait(0)});
    if (kind == 13 || kind == 14) append(code, {semaphore_post(0)});
    if (kind == 15) append(code, {semaphore_try(0)});
    if (kind == 16) append(code, {choose(2), skip_unless(1, 1)});
    if (kind == 16) guard = code.size();
    if (kind < 17) return;
    const int what = below(4);
    append(code, {lock(1)});
    append(code, {what < 2 ? wait(0, 1) : what == 2 ? notify_one(0) : notify_all(0)});
    append(code, {unlock(1)});
  }

  void add_parent(Program& program) {
    Code code{store(0, 2)};
    const int children = static_cast<int>(program.tasks.size());
    for (int child = 1; child <= children; ++child) {
      append(code, {spawn(child)});
      if (below(3) == 0) append(code, {load(0)});
    }
    for (int child = 1; child <= children; ++child) append(code, {join(child)});
    if (below(2) == 0) append(code, {load(1)});
    program.tasks.insert(program.tasks.begin(), code);
  }

  std::uint64_t state_;
  Of of_;
};

// False where there are too many interleavings.
bool executes_each_trace_once(const Program& program) {
  Machine machine(program);
  const auto dfs = make_strategy("dfs", {});
  std::map<std::string, std::string> states;  // by trace
  std::uint64_t interleavings = 0;
  while (const auto outcome = machine.run(*dfs, interleavings)) {
    const auto known = states.emplace(outcome->trace, outcome->state).first;
    EXPECT_EQ(known->second, outcome->state) << "what is said to commute does not";
    if (++interleavings > 20'000) return false;
  }
  Dpor dpor(-1);
  std::map<std::string, std::string> found;
  std::uint64_t executions = 0;
  while (const auto outcome = machine.run(dpor, executions)) {
    EXPECT_FALSE(outcome->abandoned) << "begun in vain";
    if (outcome->abandoned) continue;
    EXPECT_TRUE(found.emplace(outcome->trace, outcome->state).second) << "executed twice";
    ++executions;
  }
  EXPECT_TRUE(dpor.exhausted());
  EXPECT_EQ(found, states);
  return true;
}

// Two heads of a stack: one task pops, the other pops all and pushes what it had. When it goes on
// alone after the first one's attempt has failed, that attempt is in races with what comes.
TEST(DporRandom, AttemptsThatFailBeforeTheOtherTaskIsAlone) {
  Program program{{{load(0), load(1), skip_unless(1, 6), cas(0, 2, 1), skip_unless(1, 4), load(0),
                    cas(0, 1, 0), load(0), cas(0, 0, 2)},
                   {load(0), store(1), cas(0, 2, 1)}}};
  program.variables[0] = 2;
  EXPECT_TRUE(executes_each_trace_once(program));
}

void check(Of of, std::uint64_t programs) {
  std::uint64_t checked = 0;
  for (std::uint64_t seed = 0; seed < programs && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    checked += executes_each_trace_once(Author(seed, of).write()) ? 1 : 0;
  }
  EXPECT_GE(checked, programs * 3 / 4);
}

TEST(DporRandom, AtomicsThatDecideWhatComesNext) { check(Of::memory, 200); }
TEST(DporRandom, LocksAttemptsAndThreads) { check(Of::locks, 100); }
TEST(DporRandom, SemaphoresConditionsAndOutcomes) { check(Of::everything, 100); }

}  // namespace
}  // namespace harness
