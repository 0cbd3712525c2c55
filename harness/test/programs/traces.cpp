// Programs whose Mazurkiewicz traces can be counted; engine_traces_test.cpp says how many there are.
#include <atomic>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario.hpp"

namespace {

std::atomic<int> variables[32];
std::mutex mutex;
int plain;

void each(harness::Execution& run, int tasks, const std::function<void(int)>& body) {
  for (int task = 0; task < tasks; ++task)
    run.spawn("task-" + std::to_string(task), [&body, task] { body(task); });
  run.join();
}

void section() {
  const std::lock_guard lock(mutex);
  ++plain;
}

// Two tasks, four shared variables, a mutex: 24 scheduling points, 722 traces.
void s10(int task) {
  auto& [a0, a1, a2, a3] = *reinterpret_cast<std::atomic<int>(*)[4]>(variables);
  a0.store(1);
  static_cast<void>(a1.load());
  a0.fetch_add(1);
  a2.store(task);
  static_cast<void>(a3.load());
  int none = 0;
  a1.compare_exchange_strong(none, task + 1);
  static_cast<void>(a2.load());
  a3.fetch_add(1);
  section();
  static_cast<void>(a0.load());
  a1.store(task);
}

}  // namespace

HARNESS_SCENARIO({
    .name = "traces",
    .about = "programs whose Mazurkiewicz traces can be counted",
    .variants = {{"s10", "pass"}},
    .play =
        [](harness::Execution& run, std::string_view variant) {
          if (variant == "s10") return each(run, 2, s10);
        },
});
