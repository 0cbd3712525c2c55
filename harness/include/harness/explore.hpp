// The engine inside any test framework: explores the interleavings of the threads that a function starts.
//
//   TEST(Queue, KeepsWhatIsPushed) {
//     EXPECT_TRUE(harness::explore({.executions = 10'000}, [] {
//       Queue queue;
//       std::thread producer([&] { queue.push(1); });
//       int value = 0;
//       while (!queue.pop(value)) std::this_thread::yield();
//       producer.join();
//       assert(value == 1);
//     }));
//   }
//
// The function is called once for each execution, as the task "main" (on the calling thread, as far as it can tell).
// A failed assert(), an exception that leaves it, a result of false, a crash, a deadlock, a livelock and whatever
// else the oracles know is a violation; the result is then false, and its text is the interleaving.
//
// The test's code must be compiled with -fsanitize=thread and find our runtime in the place of ThreadSanitizer's:
// link with the CMake target harness::runtime and without -fsanitize=thread. Outside of explore() the runtime does
// nothing, and threads are threads.
//
// What is restored: executions run in a process forked for them, so that no variable of the test ever changes. In
// there every execution finds all memory as it was when explore() was called: globals, the heap, the caller's
// variables (captured by reference or not), thread-local variables of the caller, open files and the directory.
// So what the function stores is lost; what it learns it must check itself. Other threads of the test do not exist
// in there: whoever waits for one of them waits for ever.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace harness {

struct ExploreOptions {
  std::string strategy = {};             // empty: the tool's default
  std::uint64_t seed = 1;
  std::uint64_t executions = 100'000;    // at most; 0: no limit
  double seconds = 10;                   // at most; 0: no limit
  std::uint64_t max_steps = 20'000;      // scheduling points of one execution
  int preemptions = -1;                  // dfs: at most that many in an execution; -1: no bound
  std::string data_races = {};           // auto, report, learn or off, as --data-races
  std::string plain_accesses = {};       // none, racy or all, as --plain-accesses
  std::string schedule = {};             // run this one interleaving, such as "main*3 thread-1 main"
  std::string expected = "pass";         // or the rule that must be violated, such as "deadlock"
  std::string name = {};                 // in the text of the result; empty: "explore"
};

class Explored {
 public:
  // What was expected came: by default, no violation within the limits, and nothing cut off.
  bool ok = false;
  std::string outcome;   // pass, violation, inconclusive, error
  std::string rule;      // of a violation
  std::string message;   // of a violation, or why it is inconclusive or an error
  std::string schedule;  // of a violation, for ExploreOptions::schedule
  std::uint64_t executions = 0;
  bool exhaustive = false;  // every interleaving within the limits was executed
  std::string text;      // all of it for people: outcome, interleaving, stacks
  std::string json;      // the same as a document (reports/verdict.schema.json)

  explicit operator bool() const { return ok; }

  // What a test framework calls an assertion result (GoogleTest's AssertionResult), with our text in it.
  template <class Result>
    requires std::is_class_v<Result> && std::is_constructible_v<Result, bool> && requires(Result result) {
      result.failure_message();
      result << std::string();
    }
  operator Result() const {
    Result result(ok);
    result << text;
    return result;
  }

  template <class Stream>
    requires requires(Stream& stream, const std::string& line) { stream << line; }
  friend Stream& operator<<(Stream& stream, const Explored& explored) {
    stream << explored.text;
    return stream;
  }
};

// The program's own objection, in the middle of an execution: as a failed assert(). Outside it does nothing.
void fail_execution(const char* message);

// Throws std::runtime_error for options that cannot be used (an unknown strategy, bad schedule text, a schedule that
// does not fit), with a sentence that says what to write instead.
Explored explore(const ExploreOptions& options, const std::function<void()>& body);

// The same for a function with a result: false is a violation.
template <class Body>
  requires std::is_same_v<std::invoke_result_t<Body&>, bool>
Explored explore(const ExploreOptions& options, Body body) {
  return explore(options, std::function<void()>([&body] {
                   if (!body()) fail_execution("the function returned false");
                 }));
}

// With the options as they are.
template <class Body>
  requires std::is_invocable_v<Body&>
Explored explore(Body body) {
  return explore(ExploreOptions{}, std::move(body));
}

}  // namespace harness
