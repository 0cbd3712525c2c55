#include "reports/console.hpp"

#include <gtest/gtest.h>

#include "reports/interleaving.hpp"
#include "reports/samples.hpp"
#include "reports/text.hpp"

namespace reports {
namespace {

constexpr ConsoleOptions plain{};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string table_of(const Verdict& verdict, const ConsoleOptions& options = plain) {
  return lay_out(fold(verdict, options), options);
}

TEST(Console, ViolationInFull) {
  const std::string expected =
      R"(ok    poll-vs-free/documented-fix  violation as expected: freed-region-in-use, after 1 234
      executions
      reader writes to slice 0 of region 1, which reclaimer had unmapped at step 11

         main       reader              reclaimer
    1-6  … 6 steps  │                   │
      7  │          lock mutex A        │                       documented_fix.cpp:88 Pool::poll
      8  │          unlock mutex A      │                       documented_fix.cpp:92 Pool::poll
      9  │          @polled             │                       documented_fix.cpp:120 Pool::alloca…
     10  │          │                   load atomic B = 16      documented_fix.cpp:141 Pool::free_u…
>>   11  │          │                   unmap region 1 (1 MiB)  documented_fix.cpp:155 Pool::free_r…
     12  │          rmw atomic B 16 -> 15                       documented_fix.cpp:122 Pool::alloca…
>>   12  │          write slice 0 of region 1 (1 byte)          poll_vs_free.cpp:16 lambda::lambda

   >> step 11: reclaimer unmaps region 1 (1 MiB)
          Pool::free_region          allocator/documented_fix.cpp:155
          Pool::free_unused_regions  allocator/documented_fix.cpp:141
   >> step 12: reader writes 1 byte to slice 0 of region 1
          lambda::lambda  scenarios/poll_vs_free.cpp:16

      region 1 (1 MiB): mapped by main at step 5, unmapped by reclaimer at step 11
        mapped in
          Pool::grow  allocator/documented_fix.cpp:61

      shrunk from 5 switches to 3 switches: main*6 reader*3 reclaimer*2 reader
      the switches
        after step 6: main cannot go on; reader does
        after step 9: reader is held up before rmw atomic B 16 -> 15 (step 12,
          documented_fix.cpp:122 Pool::allocate), reclaimer goes on: essential
        after step 11: reclaimer is held up, reader goes on: not essential
      it fails whenever
        1. reader's @polled (step 9, documented_fix.cpp:120 Pool::allocate) comes before
             reclaimer's load atomic B = 16 (step 10, documented_fix.cpp:141
             Pool::free_unused_regions), and
        2. reclaimer's load atomic B = 16 (step 10, documented_fix.cpp:141
             Pool::free_unused_regions) comes before reader's rmw atomic B 16 -> 15 (step 12,
             documented_fix.cpp:122 Pool::allocate)
        (so did 600 random executions with these orders, and all 42 with at most 2 preemptions)
      up to step 9 the same, but this one passes
        fails                                        | passes
          10 reclaimer: load atomic B = 16           |   10 reader: write slice 0 of region 1 (1 b…
          11 reclaimer: unmap region 1 (1 MiB)       |
          12 reader: rmw atomic B 16 -> 15           |
        passes: main*6 reader*9 reclaimer*5

      reproduce: harness --scenario poll-vs-free --variant documented-fix --schedule 'main*6 reader*3 reclaimer*2 reader'
)";
  EXPECT_EQ(to_text(samples::violation(), plain), expected);
}

Verdict explained(void (*change)(Explanation&)) {
  Verdict verdict = samples::violation();
  change(*verdict.explanation);
  return verdict;
}

TEST(Console, WhatWasNotFoundIsNotSaid) {
  const auto text = [](void (*change)(Explanation&)) { return to_text(explained(change), plain); };
  const std::string without_orders = text([](Explanation& it) { it.ordered = false; });
  EXPECT_EQ(without_orders.find("it fails whenever"), std::string::npos);
  EXPECT_NE(without_orders.find("essential"), std::string::npos);
  const std::string whatever = text([](Explanation& it) {
    it.orders.clear();
    it.exhaustive = false;
  });
  EXPECT_NE(
      whatever.find("it fails whatever the order (so did 600 random executions, and the first "
                    "42 of a"),
      std::string::npos)
      << whatever;
  const std::string nothing = text([](Explanation& it) { it = {}; });
  EXPECT_EQ(nothing.find("the switches"), std::string::npos);
  EXPECT_EQ(nothing.find("passes"), std::string::npos);
  EXPECT_NE(nothing.find("shrunk from 5 switches to 3 switches"), std::string::npos);
}

TEST(Console, ManySwitchesAreCut) {
  const auto many = [](Explanation& it) {
    it.switches.assign(20, {9, "reader", "reclaimer", 0, "unknown"});
  };
  Verdict verdict = explained(many);
  const std::string text = to_text(verdict, plain);
  EXPECT_NE(text.find("        12 more\n"), std::string::npos) << text;
  EXPECT_NE(text.find("whether it matters was not tried"), std::string::npos);
  ConsoleOptions verbose = plain;
  verbose.verbose = true;
  EXPECT_EQ(to_text(verdict, verbose).find("12 more"), std::string::npos);
}

TEST(Console, AnExplanationWithWildNumbersIsHarmless) {
  const auto wild = [](Explanation& it) {
    it.switches = {{0, "a", "b", 4'000'000'000, "pass"}};
    it.orders = {{0, 999}, {7, 7}};
    it.passing->parts_at = 0;
    it.passing->trace.clear();
  };
  const std::string text = to_text(explained(wild), plain);
  EXPECT_NE(text.find("before step 4000000000"), std::string::npos) << text;
}

TEST(Console, PassIsOneLine) {
  EXPECT_EQ(
      to_text(samples::pass(), {.width = 120}),
      "ok    free-vs-alloc/claimed  pass: 1 234 executions, exhaustive (sequential consistency, "
      "at most 2 preemptions)\n");
  Verdict verdict = samples::pass();
  verdict.bounds.preemptions = -1;
  EXPECT_EQ(
      to_text(verdict, plain),
      "ok    free-vs-alloc/claimed  pass: 1 234 executions, exhaustive (sequential consistency)\n");
  verdict.exhaustive = false;
  verdict.executions = 1;
  EXPECT_EQ(to_text(verdict, plain),
            "ok    free-vs-alloc/claimed  pass: 1 execution, not exhaustive\n");
}

// 0.99^1000 is 4.3e-05, and 0.999^1000 is 0.37.
TEST(Console, APassOfPctSaysWhatItMayHaveMissed) {
  Verdict verdict = samples::pass();
  verdict.exhaustive = false;
  verdict.strategy = "pct";
  verdict.executions = 5000;
  verdict.counters = {{"pct-tasks", 100}, {"pct-choices", 10}, {"pct-depth", 0}};
  const auto text = [&] {
    std::string lines = to_text(verdict, {.width = 1000});
    return lines.substr(0, lines.find('\n'));
  };
  EXPECT_TRUE(text().ends_with("; of 100 tasks and 10 choices pct misses a bug of depth 1 with probability below "
                               "5e-05, of depth 2 with probability below 0.4"))
      << text();
  verdict.counters["pct-depth"] = 3;  // 0.9999^5000 is more than half
  EXPECT_TRUE(text().ends_with("pct misses more often than not what it could find: give it more executions"))
      << text();
  verdict.strategy = "random";
  EXPECT_EQ(text().find("misses"), std::string::npos) << text();
  verdict.strategy = "pct";
  verdict.exhaustive = true;
  EXPECT_EQ(text().find("misses"), std::string::npos) << text();
}

TEST(Console, UnexpectedOutcomesFailAndEndInTheCommand) {
  Verdict verdict = samples::pass();
  verdict.as_expected = false;
  verdict.expected = "freed-region-in-use";
  verdict.exhaustive = false;
  EXPECT_EQ(to_text(verdict, plain),
            "FAIL  free-vs-alloc/claimed  pass (expected freed-region-in-use): 1 234 executions, "
            "not exhaustive\n"
            "      reproduce: harness --scenario free-vs-alloc --variant claimed\n");
  EXPECT_EQ(
      to_text(samples::inconclusive(), plain),
      "FAIL  free-vs-alloc/claimed  inconclusive (expected pass): interrupted; 1 234 executions, "
      "not\n"
      "      exhaustive\n"
      "      reproduce: harness --scenario free-vs-alloc --variant claimed\n");
  verdict = samples::violation();
  verdict.as_expected = false;
  verdict.expected = "pass";
  verdict.executions = 1;
  const std::string text = to_text(verdict, plain);
  EXPECT_EQ(lines_of(text)[0],
            "FAIL  poll-vs-free/documented-fix  violation: freed-region-in-use (expected pass), in "
            "the first");
  EXPECT_EQ(lines_of(text).back().find("      reproduce: harness --scenario"), 0U);
}

TEST(Console, StressShowsCountersAndWhatIsNotControlled) {
  EXPECT_EQ(to_text(samples::stress(), plain),
            "ok    free-vs-alloc/claimed  pass: 1 234 executions on real threads\n"
            "      maps 12, slices given 34 567\n"
            "      not controlled: clock_nanosleep\n");
}

TEST(Console, WarningsStandBelow) {
  Verdict verdict = samples::pass();
  const Frame frame{"takes", "a/b.cpp", 7, "x.so"};
  verdict.warnings = {
      {"lock-order", "one takes B", {{3, "one", "locks B", {frame}}, {4, "two", "locks A", {}}}}};
  const std::string text = to_text(verdict, plain);
  EXPECT_NE(text.find("      warning: lock-order: one takes B\n        one locks B (b.cpp:7 "
                      "takes)\n        two locks A\n"),
            std::string::npos)
      << text;
}

TEST(Console, VerboseShowsEveryStep) {
  const std::string text = table_of(samples::violation(), {.width = 140, .verbose = true});
  EXPECT_EQ(text.find("steps"), std::string::npos) << text;
  EXPECT_NE(text.find("      1  store atomic A = 0"), std::string::npos) << text;
  EXPECT_EQ(lines_of(text).size(), 1 + samples::violation().trace.size());
}

TEST(Console, AsciiWhereTheTerminalKnowsNoMore) {
  Verdict verdict = samples::violation();
  verdict.tasks[1] = verdict.trace[6].task = "lecteur-é";
  const std::string text = to_text(verdict, {.width = 60, .unicode = false});
  for (const char c : text) ASSERT_GE(static_cast<signed char>(c), 0) << text;
  EXPECT_NE(text.find("lecteur-?"), std::string::npos) << text;
}

TEST(Console, ColoursGoAroundTheTextOnly) {
  std::string text = to_text(samples::violation(), {.color = true});
  EXPECT_NE(text.find("\x1b[1;31m>>   11"), std::string::npos) << text;
  for (std::size_t at; (at = text.find('\x1b')) != std::string::npos;) {
    text.erase(at, text.find('m', at) + 1 - at);
  }
  EXPECT_EQ(text, to_text(samples::violation(), plain));
}

TEST(Console, StringsFromAFileCannotDriveTheTerminal) {
  Verdict verdict = samples::violation();
  const std::string evil = "\x1b]0;x\x07\n\x9b";
  verdict.scenario += evil;
  verdict.violation->message += evil;
  verdict.violation->sanitizer = evil;
  verdict.violation->accesses[0].what += evil;
  verdict.violation->accesses[0].stack[0].file += evil;
  verdict.violation->region->mapped_by += evil;
  verdict.trace[8].label += evil;
  verdict.reproduce += evil;
  const std::string text = to_text(verdict, plain);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
}

// Tasks named writer-1, ..., each with a step in turn.
Verdict many_tasks(int tasks, int steps) {
  Verdict verdict = samples::violation();
  verdict.tasks = {"main"};
  for (int i = 1; i < tasks; ++i) verdict.tasks.push_back("writer-" + std::to_string(i));
  verdict.trace.clear();
  for (int i = 0; i < steps; ++i) {
    verdict.trace.push_back(samples::step(
        static_cast<std::uint32_t>(i + 1), verdict.tasks[static_cast<std::size_t>(i % tasks)],
        "cas", "slice 3 of region 12 + 0x40", "16 -> 15 (acquire)",
        samples::frame("allocator::ClaimedPool::allocate", "allocator/claimed.cpp", 100 + i)));
  }
  if (steps > 0) verdict.trace.back().guilty = true;
  return verdict;
}

TEST(Console, NoLineOfATableIsWiderThanTheTerminal) {
  for (const int width : {1, 60, 80, 100, 120, 200}) {
    for (const int tasks : {1, 2, 3, 5, 8, 9, 13, 17, 40, 300}) {
      const Verdict verdict = many_tasks(tasks, 2 * tasks);
      const std::string text = table_of(verdict, {.width = width, .verbose = true});
      EXPECT_FALSE(text.empty());
      for (const std::string& line : lines_of(text)) {
        ASSERT_LE(display_width(line), static_cast<std::size_t>(std::max(width, 60)))
            << width << " " << tasks << "\n"
            << text;
      }
    }
  }
}

TEST(Console, EveryTaskIsNamedHoweverNarrow) {
  for (const int tasks : {2, 8, 12, 17, 30}) {
    const std::string text = table_of(many_tasks(tasks, tasks), {.width = 100, .verbose = true});
    for (int i = 1; i < tasks; ++i) {
      EXPECT_NE(text.find("writer-" + std::to_string(i)), std::string::npos) << i << "\n" << text;
    }
  }
}

TEST(Console, EightTasksStandInColumnsOfTheirOwn) {
  const std::string expected =
      R"(         main  writer-1    writer-3    writer-5    writer-7
                     writer-2    writer-4    writer-6
      1  unlock m    │     │     │     │     │     │                         f.cpp:1 f
      2  │     unlock m    │     │     │     │     │                         f.cpp:2 f
      3  │     │     unlock m    │     │     │     │                         f.cpp:3 f
)";
  Verdict verdict = many_tasks(8, 8);
  verdict.trace.clear();
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::string task = verdict.tasks[i];
    const std::string object = i < 3 ? "m" : "slice 3 of region 12 + 0x40";
    verdict.trace.push_back(samples::step(i + 1, task, "unlock", object, "",
                                          samples::frame("f", "f.cpp", static_cast<int>(i + 1))));
  }
  const std::string text = table_of(verdict, {.width = 86, .verbose = true});
  const std::vector<std::string> lines = lines_of(text);
  ASSERT_EQ(lines.size(), 10U);
  std::string start;
  for (int i = 0; i < 5; ++i) start += lines[static_cast<std::size_t>(i)] + "\n";
  EXPECT_EQ(start, expected) << text;
}

TEST(Console, LongRunsAreFoldedButNotWhatMatters) {
  Verdict verdict = samples::violation();
  verdict.trace.clear();
  const auto add = [&](const std::string& task, const std::string& op, int count) {
    for (int i = 0; i < count; ++i) {
      const auto number = static_cast<std::uint32_t>(verdict.trace.size() + 1);
      verdict.trace.push_back(samples::step(number, task, op, "x", "", {}));
    }
  };
  add("main", "store", 2);  // too short a set-up to be folded
  add("reader", "load", 6);
  add("reclaimer", "load", 20);
  add("reclaimer", "map", 1);
  add("reclaimer", "asked", 1);
  add("reclaimer", "load", 7);
  add("reclaimer", "unmap", 1);
  verdict.trace[12].guilty = true;
  verdict.trace.back().guilty = true;
  std::vector<std::string> shown;
  for (const Row& row : fold(verdict, plain).rows) shown.push_back(row.number + " " + row.text);
  const std::vector<std::string> expected = {
      "1 store x", "2 store x",  // set-up
      "3 load x",  "4 load x",        "5 load x",         "6 load x",  "7 load x",
      "8 load x",                                                       // reader
      "9 load x",  "10 load x",       "11 load x",        "12 load x",  // short
      "13 load x", "14 load x",       "15-26 … 12 steps", "27 load x", "28 load x",
      "29 map x",  // long
      "31 load x", "32-35 … 4 steps", "36 load x",        "37 load x", "38 unmap x"};
  EXPECT_EQ(shown, expected);
}

TEST(Console, SetUpIsFoldedButForItsGuiltySteps) {
  Verdict verdict = samples::violation();
  verdict.trace[1].guilty = true;
  std::vector<std::string> shown;
  for (const Row& row : fold(verdict, plain).rows) shown.push_back(row.number + " " + row.text);
  shown.resize(4);
  const std::vector<std::string> expected = {"1 … 1 step", "2 store atomic A = 0", "3-6 … 4 steps",
                                             "7 lock mutex A"};
  EXPECT_EQ(shown, expected);
}

TEST(Console, WhatComesAfterTheLastGuiltyStepIsFolded) {
  Verdict verdict = samples::violation();
  for (std::uint32_t i = 13; i < 40; ++i) {
    verdict.trace.push_back(samples::step(i, i % 2 ? "reader" : "main", "map", "region 2", "", {}));
  }
  std::vector<std::string> shown;
  for (const Row& row : fold(verdict, plain).rows) shown.push_back(row.number + " " + row.text);
  const std::vector<std::string> expected = {"12 write slice 0 of region 1 (1 byte)",
                                             "13 map region 2",
                                             "14 map region 2",
                                             "15 map region 2",
                                             "16-38 … 23 steps of several tasks",
                                             "39 map region 2"};
  EXPECT_EQ(std::vector<std::string>(shown.end() - 6, shown.end()), expected);
}

TEST(Console, APlainAccessIsOneRow) {
  Verdict verdict = samples::violation();
  Step point = verdict.trace.back();
  point.op = "write-point";
  point.guilty = false;
  verdict.trace.insert(verdict.trace.end() - 1, point);
  EXPECT_EQ(table_of(verdict), table_of(samples::violation()));
  verdict.trace.back().guilty = false;
  EXPECT_NE(table_of(verdict).find("write-point"), std::string::npos);
}

TEST(Console, WhatComesBeforeTheFirstStepIsNotCounted) {
  Verdict verdict = samples::violation();
  for (int i = 0; i < 3; ++i) {
    verdict.trace.insert(verdict.trace.begin(),
                         samples::step(0, "main", "given", "slice 0", "", {}));
  }
  EXPECT_EQ(fold(verdict, plain).rows[0].number, "1-6");
  EXPECT_EQ(fold(verdict, plain).rows[0].text, "… 6 steps");
}

TEST(Console, AnEndlessTraceIsCutToWhatMatters) {
  Verdict verdict = many_tasks(3, 20'000);
  verdict.trace[5000].guilty = true;
  const Table table = fold(verdict, plain);
  EXPECT_LT(table.rows.size(), 80U);
  int guilty = 0;
  for (const Row& row : table.rows) guilty += row.guilty ? 1 : 0;
  EXPECT_EQ(guilty, 2);
  EXPECT_NE(table_of(verdict).find(" steps of several tasks"), std::string::npos);
  EXPECT_EQ(fold(verdict, {.verbose = true}).rows.size(), 20'000U);
}

TEST(Console, NothingIsNoTrouble) {
  EXPECT_EQ(table_of({}), "");
  Verdict verdict;
  verdict.outcome = "violation";
  verdict.violation = Violation{};
  EXPECT_FALSE(to_text(verdict, plain).empty());
  EXPECT_FALSE(to_text({}, {.width = -5}).empty());
  verdict.trace.resize(3);
  verdict.violation->region = Region{};
  verdict.violation->accesses.resize(2);
  EXPECT_FALSE(to_text(verdict, plain).empty());
}

TEST(Console, SanitizerTextIsIndentedAndCut) {
  Verdict verdict = samples::violation();
  for (int i = 0; i < 40; ++i) verdict.violation->sanitizer += "line " + std::to_string(i) + "\n";
  const std::string text = to_text(verdict, plain);
  EXPECT_NE(text.find("      the sanitizer says\n        line 0\n"), std::string::npos);
  EXPECT_NE(text.find("        ... 10 more lines\n"), std::string::npos);
  EXPECT_EQ(text.find("line 30"), std::string::npos);
  EXPECT_NE(to_text(verdict, {.verbose = true}).find("line 39"), std::string::npos);
}

TEST(Console, Summary) {
  EXPECT_EQ(summary(samples::report(), plain),
            "4 verdicts, 1 not as expected: free-vs-alloc/claimed\n");
  Report report;
  EXPECT_EQ(summary(report, plain), "0 verdicts, as expected\n");
  report.verdicts = {samples::pass()};
  EXPECT_EQ(summary(report, plain), "1 verdict, as expected\n");
  report.verdicts.push_back(samples::violation());
  EXPECT_EQ(summary(report, plain), "2 verdicts, all as expected\n");
}

}  // namespace
}  // namespace reports
