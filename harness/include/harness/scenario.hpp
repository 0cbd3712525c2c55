// How a scenario is written: one race or workload, its variants with the verdict each must get, and
// the bodies of its threads. A scenario is a file in scenarios/; it is built as a plugin (a shared
// object compiled with -fsanitize=thread) and registers itself while it is loaded.
//
//   HARNESS_SCENARIO({
//       .name = "poll-vs-free",
//       .about = "poll() of a slice against free_unused_regions() of its region",
//       .variants = {{"documented-fix", "freed-region-in-use"}, {"claimed", "pass"}},
//       .documented = "reader@polled reclaimer reader",
//       .play = [](harness::Execution& run, std::string_view variant) { ... },
//   });
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace harness {

// One run of one variant, as its scenario sees it. `play` runs as the task "main": it sets up, spawns
// the named tasks, calls join(), and checks what is left. The same scenario runs under the engine
// (tasks are fibers) and on real threads (--mode stress).
class Execution {
 public:
  // A task called `name` (unique, lower case, digits and '-'). It does not run before join().
  virtual void spawn(std::string_view name, std::function<void()> body) = 0;
  // Lets all spawned tasks run and returns when all have ended. To return from `play` with spawned
  // tasks that were not joined is an error of the scenario.
  virtual void join() = 0;
  // A number below `bound`, from the seed: under the engine the same numbers in every execution, so that
  // an interleaving is all that differs; on real threads others in every round.
  virtual std::uint64_t random(std::uint64_t bound) = 0;
  // True where the engine decides the order, false on real threads. For sizing workloads only.
  virtual bool controlled() const = 0;

 protected:
  ~Execution() = default;
};

struct Variant {
  std::string name;
  std::string expected;         // "pass", or the rule that must be violated
  std::string documented = {};  // this variant's own schedule, where it is not the scenario's
};

// What explore does where the command line says nothing. Empty or 0: the tool's default.
struct Search {
  std::string strategy = {};
  std::uint64_t executions = 0;
  int preemptions = -1;
};

struct Scenario {
  std::string name;   // kebab-case
  std::string about;  // one line
  std::vector<Variant> variants;
  std::string documented = {};  // the documented interleaving, as schedule text; may be empty
  Search search = {};
  std::function<void(Execution&, std::string_view variant)> play;
  std::string file = {};  // set by HARNESS_SCENARIO
};

// Adds to the registry of this process. Throws std::invalid_argument where the name is empty or taken,
// a variant is named twice, or `play` is empty.
void register_scenario(Scenario scenario);
const std::vector<Scenario>& registered_scenarios();

struct Registration {
  Registration(Scenario scenario, const char* file) {
    scenario.file = file;
    register_scenario(std::move(scenario));
  }
};

}  // namespace harness

#define HARNESS_JOIN_(a, b) a##b
#define HARNESS_JOIN(a, b) HARNESS_JOIN_(a, b)
#define HARNESS_SCENARIO(...)                                                        \
  static const ::harness::Registration HARNESS_JOIN(harness_registration_, __LINE__)( \
      ::harness::Scenario __VA_ARGS__, __FILE__)
