// A plugin as it should be, for the tests of the command line: one scenario that is clean, one that
// is broken as declared, and one that is broken against its declaration.
#include <atomic>

#include "harness/observe.hpp"
#include "harness/point.hpp"
#include "harness/scenario.hpp"

namespace {

void two_tasks(harness::Execution& run, bool broken) {
  std::atomic<int> count{0};
  const auto add = [&] {
    count.fetch_add(1);
    harness::point("added");
  };
  run.spawn("left", add);
  run.spawn("right", add);
  run.join();
  if (broken) harness::observe::violated("lost-data", "the count is not believed");
}

}  // namespace

HARNESS_SCENARIO({
    .name = "calm",
    .about = "two tasks add to a counter",
    .variants = {{"right", "pass"}},
    .documented = "left@added right left",
    .play = [](harness::Execution& run, std::string_view) { two_tasks(run, false); },
});

HARNESS_SCENARIO({
    .name = "loud",
    .about = "the same, and always an objection",
    .variants = {{"declared", "lost-data"}, {"right", "pass"}},
    .play = [](harness::Execution& run,
               std::string_view variant) { two_tasks(run, variant == "declared"); },
});

HARNESS_SCENARIO({
    .name = "sham",
    .about = "says that it is clean and is not",
    .variants = {{"undeclared", "pass"}},
    .play = [](harness::Execution& run, std::string_view) { two_tasks(run, true); },
});
