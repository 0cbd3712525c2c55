// What harness::explore() answers, and what of the caller's it restores: tests that run by themselves.
#include "harness/test/ways/explored.hpp"

#if defined(WAYS_LIBRARY)

#include <atomic>
#include <cassert>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::vector<int> global;
thread_local int own = 1;

TEST(Results, SaysWhatWentWrong) {
  const harness::Explored found = harness::explore({.name = "lost-update"}, [] {
    std::atomic<int> sum{0};
    const auto add = [&] { sum.store(sum.load() + 1); };
    std::thread other(add);
    add();
    other.join();
    return sum == 2;
  });
  EXPECT_FALSE(found);
  EXPECT_EQ(found.outcome, "violation");
  EXPECT_EQ(found.rule, "assertion");
  EXPECT_NE(found.message.find("returned false"), std::string::npos);
  std::ostringstream text;
  text << found;
  EXPECT_NE(text.str().find("lost-update/main"), std::string::npos) << text.str();
  EXPECT_NE(text.str().find("thread-1"), std::string::npos);
  EXPECT_TRUE(found.json.starts_with("{\n  \"schema_version\""));
  EXPECT_FALSE(::testing::AssertionResult(found)) << "as a framework sees it";
  EXPECT_EQ(::testing::AssertionResult(found).failure_message(), found.text);
}

TEST(Results, ReplaysItsSchedule) {
  std::atomic<int> sum{0};
  const auto body = [&] {
    std::thread other([&] { sum.store(sum.load() + 1); });
    sum.store(sum.load() + 1);
    other.join();
    assert(sum == 2);
  };
  const auto found = harness::explore({}, body);
  ASSERT_FALSE(found);
  const auto again = harness::explore({.schedule = found.schedule, .expected = "assertion"}, body);
  EXPECT_TRUE(again) << again.text;
  EXPECT_EQ(again.executions, 1u);
  EXPECT_TRUE(harness::explore({.schedule = "main thread-1"}, body)) << "one that passes";
}

TEST(Results, RestoresWhatTheCallerOwns) {
  std::vector<std::string> captured{"first"};
  const auto block = std::make_unique<std::atomic<int>>(0);
  int on_the_stack = 0;
  global.assign(3, 7);
  own = 5;
  const auto passed = harness::explore({}, [&] {
    assert(captured.size() == 1 && *block == 0 && on_the_stack == 0 && global.size() == 3 && own == 5);
    captured.push_back(std::string(1000, 'x'));
    captured[0] = "changed";
    global.clear();
    own = 6;
    on_the_stack = 1;
    std::thread other([&] {
      assert(own == 1);
      ++*block;
    });
    ++*block;
    other.join();
    assert(*block == 2);
  });
  EXPECT_TRUE(passed);
  EXPECT_TRUE(passed.exhaustive);
  EXPECT_GE(passed.executions, 2u) << "nothing was to be restored";
  EXPECT_EQ(captured, std::vector<std::string>{"first"}) << "the test's own variables never change";
  EXPECT_EQ(on_the_stack + *block, 0);
  EXPECT_EQ(global.size(), 3u);
  EXPECT_EQ(own, 5);
}

TEST(Results, ExpectsADefect) {
  std::mutex first;
  std::mutex second;
  const auto opposite = [&] {
    std::thread other([&] { const std::scoped_lock a(first); const std::scoped_lock b(second); });
    { const std::scoped_lock b(second); const std::scoped_lock a(first); }
    other.join();
  };
  EXPECT_TRUE(harness::explore({.expected = "deadlock"}, opposite));
  EXPECT_FALSE(harness::explore({.expected = "leak"}, opposite));
  EXPECT_FALSE(harness::explore({}, opposite));
}

TEST(Results, LimitsAndExceptions) {
  const auto cut = harness::explore({.max_steps = 3}, [] {
    std::atomic<int> count{0};
    std::thread other([&] { for (int i = 0; i < 10; ++i) ++count; });
    for (int i = 0; i < 10; ++i) ++count;
    other.join();
  });
  EXPECT_FALSE(cut);
  EXPECT_EQ(cut.outcome, "inconclusive");
  const auto thrown = harness::explore({}, []() -> void { throw std::runtime_error("mine"); });
  EXPECT_EQ(thrown.rule, "crash");
  EXPECT_NE(thrown.message.find("mine"), std::string::npos) << thrown.message;
  const auto ended = harness::explore({}, [] { std::exit(0); });
  EXPECT_EQ(ended.rule, "crash") << "exit() ends the test's process, and is no end of its function";
}

TEST(Results, RefusesWhatCannotBeUsed) {
  EXPECT_THROW(harness::explore({.strategy = "rnadom"}, [] {}), std::runtime_error);
  EXPECT_THROW(harness::explore({.schedule = "main*"}, [] {}), std::runtime_error);
  EXPECT_THROW(harness::explore({.schedule = "nobody"}, [] { std::thread([] {}).join(); }), std::runtime_error);
}

TEST(Results, ThreadsAreThreadsOutside) {
  std::atomic<bool> go{false};
  std::thread waits([&] { while (!go) std::this_thread::yield(); });
  const auto passed = harness::explore({}, [] { std::thread([] {}).join(); });
  go = true;
  waits.join();
  EXPECT_TRUE(passed);
}

TEST(Results, FromAThreadThatIsNotMain) {
  bool passed = false;
  std::thread other([&] {
    int captured = 0;
    passed = static_cast<bool>(harness::explore({}, [&] {
      assert(captured++ == 0);
      std::atomic<int> sum{0};
      std::thread third([&] { ++sum; });
      ++sum;
      third.join();
      assert(sum == 2);
    }));
  });
  other.join();
  EXPECT_TRUE(passed);
}

}  // namespace

#endif
