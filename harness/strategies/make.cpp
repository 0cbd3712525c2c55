// Strategies by name. A new one is a file of its own, a line in each.hpp and a row here.
#include "harness/strategies/make.hpp"

#include <fmt/format.h>

#include "harness/engine/errors.hpp"
#include "harness/engine/nearest.hpp"
#include "harness/strategies/conflicts.hpp"
#include "harness/strategies/each.hpp"

namespace harness {
namespace {

struct Row {
  const char* name;
  bool bounded;    // takes --preemptions
  bool has_depth;  // takes --depth
  std::unique_ptr<Strategy> (*make)(const StrategyOptions&);
};

using Options = const StrategyOptions&;

constexpr Row rows[] = {
    {"delay", true, false,
     [](Options options) { return make_delay(options.preemptions, options.stream()); }},
    {"dfs", true, false, [](Options options) { return make_dfs(options.preemptions, options.stream()); }},
    {"dpor", true, false, [](Options options) { return make_dpor(options.preemptions); }},
    {"feedback", false, false, [](Options options) { return make_feedback(options.stream(), std::make_shared<Conflicts>()); }},
    {"pct", false, true, [](Options options) { return make_pct(options.stream(), options.depth); }},
    {"portfolio", true, false, [](Options options) { return make_portfolio(options.stream(), options.preemptions); }},
    {"pos", false, false, [](Options options) { return make_pos(options.stream()); }},
    {"preemptions", true, false,
     [](Options options) { return make_preemptions(options.preemptions, options.stream()); }},
    {"random", false, false, [](Options options) { return make_random(options.stream()); }},
    {"surw", false, false, [](Options options) { return make_surw(options.stream()); }},
    {"urw", false, false, [](Options options) { return make_urw(options.stream()); }},
};

void check(const Row& row, Options options) {
  if (options.preemptions < -1)
    throw UsageError(
        fmt::format("--preemptions {} makes no sense; give the largest number of preemptions in "
                    "an execution, or leave it out for no bound",
                    options.preemptions));
  if (options.preemptions >= 0 && !row.bounded)
    throw UsageError(fmt::format(
        "--preemptions does not go with strategy '{}', which has no bound; leave it out, or use "
        "--strategy dfs",
        row.name));
  if (options.depth < 0 || options.depth > StrategyOptions::max_depth)
    throw UsageError(
        fmt::format("--depth {} makes no sense; give 1 to {}, or leave it out for 1 to 5 in turn",
                    options.depth, StrategyOptions::max_depth));
  if (options.depth > 0 && !row.has_depth)
    throw UsageError(fmt::format(
        "--depth does not go with strategy '{}', which knows of none; leave it out, or use "
        "--strategy pct",
        row.name));
}

}  // namespace

std::vector<std::string> strategy_names() {
  std::vector<std::string> names;
  for (const Row& row : rows) names.emplace_back(row.name);
  return names;
}

std::unique_ptr<Strategy> make_strategy(std::string_view name, const StrategyOptions& options) {
  for (const Row& row : rows) {
    if (row.name != name) continue;
    check(row, options);
    return row.make(options);
  }
  throw UsageError(unknown("strategy", name, strategy_names()));
}

}  // namespace harness
