// Strategies by name. A new one is a file of its own, a line in each.hpp and a row here.
#include "harness/strategies/make.hpp"

#include <fmt/format.h>

#include "harness/engine/errors.hpp"
#include "harness/engine/nearest.hpp"
#include "harness/strategies/each.hpp"

namespace harness {
namespace {

struct Row {
  const char* name;
  bool bounded;  // takes --preemptions
  std::unique_ptr<Strategy> (*make)(const StrategyOptions&);
};

constexpr Row rows[] = {
    {"dfs", true, [](const StrategyOptions& options) { return make_dfs(options.preemptions); }},
    {"random", false, [](const StrategyOptions& options) { return make_random(options.seed); }},
};

}  // namespace

std::vector<std::string> strategy_names() {
  std::vector<std::string> names;
  for (const Row& row : rows) names.emplace_back(row.name);
  return names;
}

std::unique_ptr<Strategy> make_strategy(std::string_view name, const StrategyOptions& options) {
  for (const Row& row : rows) {
    if (row.name != name) continue;
    if (options.preemptions < -1)
      throw UsageError(
          fmt::format("--preemptions {} makes no sense; give the largest number of preemptions in "
                      "an execution, or leave it out for no bound",
                      options.preemptions));
    if (options.preemptions >= 0 && !row.bounded)
      throw UsageError(fmt::format(
          "--preemptions does not go with strategy '{}', which has no bound; leave it out, or use "
          "--strategy dfs",
          name));
    return row.make(options);
  }
  throw UsageError(unknown("strategy", name, strategy_names()));
}

}  // namespace harness
