// Verdicts for the tests of this folder: the documented race in a dozen rows, and one of each
// outcome.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reports/verdict.hpp"

namespace reports::samples {

inline Frame frame(std::string function, std::string file, int line) {
  return {std::move(function), std::move(file), line, "poll-vs-free.so"};
}

inline Step step(std::uint32_t number, std::string task, std::string op, std::string object,
                 std::string detail, Frame where) {
  Step result;
  result.number = number;
  result.task = std::move(task);
  result.op = std::move(op);
  result.object = std::move(object);
  result.detail = std::move(detail);
  result.stack = {std::move(where)};
  return result;
}

inline Explanation explanation(const Step& next) {
  Explanation result;
  result.switches = {{6, "main", "reader", 0, "forced"},
                     {9, "reader", "reclaimer", 12, "pass"},
                     {11, "reclaimer", "reader", 0, "same"}};
  result.ordered = true;
  result.orders = {{9, 10}, {10, 12}};
  result.random = 600;
  result.depth_first = 42;
  result.preemptions = 2;
  result.exhaustive = true;
  result.passing = Explanation::Passing{"main*6 reader*9 reclaimer*5", 10, {next}};
  result.passing->trace.front().number = 10;
  result.tried = 2345;
  return result;
}

// The incident report's "complete fix" losing its race, as the engine would record it.
inline Verdict violation() {
  const std::string file = "allocator/documented_fix.cpp";
  Verdict verdict;
  verdict.scenario = "poll-vs-free";
  verdict.variant = "documented-fix";
  verdict.mode = "explore";
  verdict.strategy = "dfs";
  verdict.seed = 18446744073709551615U;
  verdict.outcome = "violation";
  verdict.expected = "freed-region-in-use";
  verdict.as_expected = true;
  verdict.freed_region_in_use = true;
  verdict.executions = 1234;
  verdict.distinct = 1234;
  verdict.steps = 31;
  verdict.bounds = {"sequential consistency", 2, 20000};
  verdict.tasks = {"main", "reader", "reclaimer"};
  for (std::uint32_t i = 1; i <= 4; ++i) {
    verdict.trace.push_back(
        step(i, "main", "store", "atomic A", "0", frame("Pool::Pool", file, 40)));
  }
  verdict.trace.push_back(
      step(5, "main", "map", "region 1", "1 MiB", frame("Pool::grow", file, 61)));
  verdict.trace.push_back(
      step(6, "main", "spawn", "reader", "", frame("play", "scenarios/p.cpp", 9)));
  verdict.trace.push_back(step(7, "reader", "lock", "mutex A", "", frame("Pool::poll", file, 88)));
  verdict.trace.push_back(
      step(8, "reader", "unlock", "mutex A", "", frame("Pool::poll", file, 92)));
  Step polled = step(9, "reader", "point", "", "", frame("Pool::allocate", file, 120));
  polled.label = "polled";
  verdict.trace.push_back(polled);
  const Frame sweep = frame("Pool::free_unused_regions", file, 141);
  const Frame free_region = frame("Pool::free_region", file, 155);
  verdict.trace.push_back(step(10, "reclaimer", "load", "atomic B", "= 16", sweep));
  Step unmap = step(11, "reclaimer", "unmap", "region 1", "1 MiB", free_region);
  unmap.guilty = true;
  unmap.stack.push_back(sweep);
  verdict.trace.push_back(unmap);
  const Frame allocate = frame("Pool::allocate", file, 122);
  verdict.trace.push_back(step(12, "reader", "rmw", "atomic B", "16 -> 15", allocate));
  Step write = step(12, "reader", "write", "slice 0 of region 1", "1 byte",
                    frame("lambda::lambda", "scenarios/poll_vs_free.cpp", 16));
  write.guilty = true;
  verdict.trace.push_back(write);
  Violation violation;
  violation.rule = "freed-region-in-use";
  violation.message =
      "reader writes to slice 0 of region 1, which reclaimer had unmapped at step 11";
  violation.step = 12;
  violation.schedule = "main*6 reader*2 reclaimer*1 reader*1 reclaimer*1 reader";
  violation.shrunk = "main*6 reader*3 reclaimer*2 reader";
  violation.accesses = {{11, "reclaimer", "unmaps region 1 (1 MiB)", unmap.stack},
                        {12, "reader", "writes 1 byte to slice 0 of region 1", write.stack}};
  violation.region =
      Region{"region 1", 1 << 20,     "main", 5,          {frame("Pool::grow", file, 61)},
             "unmapped", "reclaimer", 11,     unmap.stack};
  verdict.violation = violation;
  verdict.explanation = explanation(write);
  verdict.reproduce =
      "harness --scenario poll-vs-free --variant documented-fix --schedule "
      "'main*6 reader*3 reclaimer*2 reader'";
  return verdict;
}

inline Verdict pass() {
  Verdict verdict;
  verdict.scenario = "free-vs-alloc";
  verdict.variant = "claimed";
  verdict.mode = "explore";
  verdict.strategy = "dfs";
  verdict.seed = 1;
  verdict.outcome = "pass";
  verdict.expected = "pass";
  verdict.as_expected = true;
  verdict.executions = 1234;
  verdict.distinct = 1234;
  verdict.steps = 29;
  verdict.exhaustive = true;
  verdict.bounds = {"sequential consistency", 2, 20000};
  verdict.reproduce = "harness --scenario free-vs-alloc --variant claimed";
  return verdict;
}

inline Verdict inconclusive() {
  Verdict verdict = pass();
  verdict.outcome = "inconclusive";
  verdict.reason = "interrupted";
  verdict.as_expected = false;
  verdict.exhaustive = false;
  return verdict;
}

inline Verdict stress() {
  Verdict verdict = pass();
  verdict.mode = "stress";
  verdict.strategy = "delays";
  verdict.exhaustive = false;
  verdict.bounds = {};
  verdict.counters = {{"maps", 12}, {"slices given", 34567}};
  verdict.uncontrolled = {"clock_nanosleep"};
  return verdict;
}

inline Report report() {
  Report result;
  result.tool_version = "0.1.0";
  result.seed = 18446744073709551615U;
  result.verdicts = {violation(), pass(), inconclusive(), stress()};
  result.verdicts[1].examples = {
      {"reader*9 reclaimer*5", {"main", "reader", "reclaimer"}, {violation().trace[8]}}};
  result.environment.host = "somewhere";
  result.environment.kernel = "Linux 6.1";
  result.environment.compiler = "g++ 12.2";
  result.environment.build = "release";
  result.environment.started = "2026-01-02T03:04:05Z";
  result.environment.seconds = 1.5;
  result.environment.seconds_by_verdict = {{"poll-vs-free/documented-fix", 0.25}};
  result.environment.notes = {"poll-vs-free/documented-fix: shrinking was ended by the clock"};
  result.environment.rates = {{"poll-vs-free/documented-fix", 600000}};
  return result;
}

}  // namespace reports::samples
