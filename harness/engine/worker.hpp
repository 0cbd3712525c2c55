// Isolation: executions run in a forked worker, in batches; the process that forked it only watches. Whatever
// the program under test does ends at worst the worker, and its schedule is in shared memory by then.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/engine/engine.hpp"
#include "harness/engine/shared.hpp"
#include "harness/engine/strategy.hpp"
#include "harness/scenario.hpp"

namespace harness {

struct Job {
  const Scenario* scenario = nullptr;
  std::string_view variant;
  Strategy* strategy = nullptr;
  Engine::Settings settings;
  std::vector<std::uint32_t> points;    // places of plain accesses that are scheduling points from the start
  std::uint64_t max_executions = 0;     // in all, those of earlier workers included; 0: no limit
  double seconds = 0;                   // for this worker; 0: no limit
  double watchdog_seconds = 10;         // for one execution
  bool shows_output = false;            // of the program under test, on standard error; else discarded
  std::function<std::string()> divergence;  // asked after every execution; "" is good
  // In the worker, after every execution, with what came of it. True: go on with the next one, even
  // after a violation (its tasks are given up where they stand). Empty: a violation ends the batch.
  std::function<bool(Engine::Outcome)> judge;
  std::function<void()> tick;           // in the watching process, about ten times a second
  const std::atomic<bool>* interrupted = nullptr;
};

enum class Lost : std::uint8_t { no, signal, exited, watchdog };

struct WorkerResult {
  Lost lost = Lost::no;
  int signal = 0;   // that killed it
  int status = 0;   // of its exit
};

// Forks a worker, and returns when it has ended. What happened is in `shared`. Throws std::runtime_error
// where no process can be made.
WorkerResult run_worker(Shared& shared, const Job& job);

}  // namespace harness
