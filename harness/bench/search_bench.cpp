// Executions to the first bug: every program of bench/programs under every strategy, from twenty seeds,
// beside the published figures.
//
//   build/release/bin/harness_search_bench [--programs a,b] [--strategies portfolio,pct:3] [--seeds N]
//                                          [--executions N] [--safestack-executions N]
//
// The scenarios instead of those programs: --folder harness
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/bench/search_published.hpp"
#include "harness/engine/errors.hpp"
#include "harness/engine/loading.hpp"
#include "harness/engine/worker.hpp"
#include "harness/strategies/make.hpp"

namespace harness::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  std::vector<std::string> programs;    // by variant; empty: all
  std::vector<std::string> strategies;  // empty: all that search at random
  std::string folder = "harness-bench";
  std::uint64_t seeds = 20;
  std::uint64_t executions = 10'000;
  std::uint64_t safestack_executions = 400'000;
};

struct Program {
  const Scenario* scenario;
  const Variant* variant;
};

// What twenty seeds of one strategy gave.
struct Result {
  std::uint64_t found = 0;
  double executions = 0;  // mean of those that found it
  std::uint64_t most = 0;
  std::uint64_t steps = 0;  // scheduling points of the longest execution
  double seconds = 0;
};

struct FreeShared {
  void operator()(Shared* shared) const { free_shared_block(shared); }
};

// Of `folder` beside the executable's.
void load_programs(const std::string& folder) {
  const auto programs = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../lib" / folder;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(programs))
    if (entry.path().extension() == ".so") files.push_back(entry);
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    begin_loading();
    const void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    end_loading();
    if (handle == nullptr) throw std::runtime_error(dlerror());
  }
}

bool wanted(const std::vector<std::string>& list, const std::string& name) {
  return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
}

// In the order of the published table, those that are not in it after it.
std::vector<Program> programs(const Settings& settings) {
  std::vector<Program> found;
  for (const Scenario& scenario : registered_scenarios())
    for (const Variant& variant : scenario.variants)
      if (variant.expected != "pass" && wanted(settings.programs, variant.name)) found.push_back({&scenario, &variant});
  const auto place = [](const Program& program) {
    const Published* const row = published_for(program.variant->name);
    return row == nullptr ? std::end(published) : row;
  };
  std::stable_sort(found.begin(), found.end(),
                   [&](const Program& a, const Program& b) { return place(a) < place(b); });
  for (const std::string& name : settings.programs)
    if (std::none_of(found.begin(), found.end(),
                     [&](const Program& program) { return program.variant->name == name; }))
      throw UsageError(fmt::format("--programs: there is no program '{}'", name));
  return found;
}

std::uint64_t number(std::string_view option, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0)
    throw UsageError(fmt::format("{} '{}': give a number, 1 or more", option, text));
  return value;
}

// "pct:3" is pct of depth 3.
std::unique_ptr<Strategy> made(const std::string& name, std::uint64_t seed) {
  const std::size_t colon = name.find(':');
  StrategyOptions options{.seed = seed};
  if (colon != std::string::npos)
    options.depth = static_cast<int>(number("--strategies", name.substr(colon + 1)));
  return make_strategy(name.substr(0, colon), options);
}

// Executions up to and with the first violation, of whatever rule; 0: none within the limit.
std::uint64_t executions_to_bug(const Program& program, const std::string& strategy,
                                std::uint64_t seed, std::uint64_t most, Result& result) {
  const std::unique_ptr<Shared, FreeShared> shared(make_shared_block(20'001, 1));
  const auto searches = made(strategy, seed);
  Job job;
  job.scenario = program.scenario;
  job.variant = program.variant->name;
  job.strategy = searches.get();
  job.settings.seed = seed;
  job.max_executions = most;
  run_worker(*shared, job);
  result.steps = std::max(result.steps, shared->longest.load());
  const WorkerEnd end = shared->end.load();
  if (end == WorkerEnd::budget || end == WorkerEnd::exhausted) return 0;
  if (end != WorkerEnd::violated)
    throw std::runtime_error(fmt::format("{} under {} with seed {} came to no end: {}",
                                         program.variant->name, strategy, seed, shared->error));
  return shared->executions.load();
}

Result measure(const Program& program, const std::string& strategy, const Settings& settings) {
  const bool is_safestack = program.variant->name == "safestack";
  const std::uint64_t most = is_safestack ? settings.safestack_executions : settings.executions;
  Result result;
  std::uint64_t sum = 0;
  const auto start = Clock::now();
  for (std::uint64_t seed = 1; seed <= settings.seeds; ++seed) {
    const std::uint64_t executions = executions_to_bug(program, strategy, seed, most, result);
    if (executions == 0) continue;
    ++result.found;
    sum += executions;
    result.most = std::max(result.most, executions);
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (result.found != 0)
    result.executions = static_cast<double>(sum) / static_cast<double>(result.found);
  return result;
}

std::string cell(const Result& result, const Settings& settings) {
  if (result.found == 0) return "-";
  const std::string mean = fmt::format("{:.{}f}", result.executions, result.executions < 100 ? 1 : 0);
  return result.found == settings.seeds ? mean : fmt::format("{} ({})", mean, result.found);
}

void print_head(const std::vector<std::string>& strategies) {
  std::string line = fmt::format("{:<20}{:>5}", "program", "k");
  for (const std::string& strategy : strategies) line += fmt::format("{:>13}", strategy);
  line += fmt::format("{:>8} |{:>7}{:>6}{:>8}{:>8}{:>5}{:>9}", "s", "random", "POS", "PCT3", "SURW",
                      "RFF", "Period");
  std::puts(line.c_str());
}

void print_row(const Program& program, const std::vector<Result>& results, const Settings& settings) {
  std::uint64_t steps = 0;
  double seconds = 0;
  std::string cells;
  for (const Result& result : results) {
    steps = std::max(steps, result.steps);
    seconds += result.seconds;
    cells += fmt::format("{:>13}", cell(result, settings));
  }
  const bool is_published = published_for(program.variant->name) != nullptr;
  const std::string name =
      is_published ? program.variant->name : program.scenario->name + "/" + program.variant->name;
  std::string line = fmt::format("{:<20}{:>5}{}{:>8.2f} |", name, steps, cells, seconds);
  if (const Published* const row = published_for(program.variant->name))
    line += fmt::format("{:>7}{:>6}{:>8}{:>8}{:>5}{:>9}", row->random, row->pos, row->pct3, row->surw,
                        row->rff, row->period);
  std::puts(line.c_str());
  std::fflush(stdout);
}

// How the last strategy stands beside the best that was published.
struct Standing {
  int programs = 0;
  int found_always = 0;
  int compared = 0;
  int as_good = 0;

  void add(const Program& program, const Result& result, const Settings& settings) {
    ++programs;
    found_always += result.found == settings.seeds ? 1 : 0;
    const Published* const row = published_for(program.variant->name);
    if (row == nullptr) return;
    ++compared;
    as_good += result.found == settings.seeds && result.executions <= row->best ? 1 : 0;
  }
};

void run(const Settings& settings) {
  load_programs(settings.folder);
  const auto start = Clock::now();
  print_head(settings.strategies);
  std::vector<Standing> standings(settings.strategies.size());
  for (const Program& program : programs(settings)) {
    std::vector<Result> results;
    for (std::size_t i = 0; i < settings.strategies.size(); ++i) {
      results.push_back(measure(program, settings.strategies[i], settings));
      standings[i].add(program, results[i], settings);
    }
    print_row(program, results, settings);
  }
  std::puts("");
  for (std::size_t i = 0; i < standings.size(); ++i)
    std::puts(fmt::format("{:<12} found {} of {} programs from every seed; mean at or below the best "
                          "published on {} of {}",
                          settings.strategies[i], standings[i].found_always, standings[i].programs,
                          standings[i].as_good, standings[i].compared)
                  .c_str());
  std::puts(fmt::format("{:.1f} s", std::chrono::duration<double>(Clock::now() - start).count()).c_str());
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    if (end > at) parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

Settings read(const std::vector<std::string>& arguments) {
  Settings settings;
  settings.strategies = {"random", "pos", "pct:3", "surw", "feedback", "portfolio"};
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& option = arguments[i];
    if (i + 1 == arguments.size()) throw UsageError(option + " wants a value");
    const std::string& value = arguments[i + 1];
    if (option == "--programs")
      settings.programs = parts_of(value);
    else if (option == "--strategies")
      settings.strategies = parts_of(value);
    else if (option == "--folder")
      settings.folder = value;
    else if (option == "--seeds")
      settings.seeds = number(option, value);
    else if (option == "--executions")
      settings.executions = number(option, value);
    else if (option == "--safestack-executions")
      settings.safestack_executions = number(option, value);
    else
      throw UsageError(fmt::format(
          "unknown option {}; there are --programs, --strategies, --folder, --seeds, --executions and "
          "--safestack-executions",
          option));
  }
  for (const std::string& strategy : settings.strategies) made(strategy, 1);
  return settings;
}

}  // namespace
}  // namespace harness::bench

int main(int argc, char** argv) {
  try {
    harness::bench::run(harness::bench::read({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "harness_search_bench: %s\n", error.what());
    return 2;
  }
  return 0;
}
