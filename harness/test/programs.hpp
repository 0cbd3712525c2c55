// The small programs that the engine's tests run: plugins in programs/, loaded once.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "harness/engine/loading.hpp"
#include "harness/explore/explore.hpp"
#include "harness/scenario.hpp"

namespace harness::test {

// The scenario called `name`, from the plugin of that name.
inline const Scenario& program(const std::string& name) {
  const auto find = [&]() -> const Scenario* {
    for (const Scenario& scenario : registered_scenarios())
      if (scenario.name == name) return &scenario;
    return nullptr;
  };
  if (find() == nullptr) {
    begin_loading();
    const void* const handle = dlopen((HARNESS_TEST_PLUGINS "/" + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
    end_loading();
    if (handle == nullptr) throw std::runtime_error(dlerror());
  }
  if (find() == nullptr) throw std::runtime_error("no scenario '" + name + "'");
  return *find();
}

inline const Variant& variant_of(const Scenario& scenario, std::string_view name) {
  for (const Variant& variant : scenario.variants)
    if (variant.name == name) return variant;
  throw std::runtime_error("no variant '" + std::string(name) + "'");
}

// A search that is small, and the same everywhere.
inline Options small_search(std::string_view strategy, std::uint64_t executions) {
  Options options;
  options.strategy = strategy;
  if (strategy == "dfs") options.preemptions = 2;
  options.executions = executions;
  options.max_steps = 10'000;
  return options;
}

inline reports::Verdict run(const std::string& name, std::string_view variant, const Options& options) {
  const Scenario& scenario = program(name);
  return explore(scenario, variant_of(scenario, variant), options);
}

// What to say where a verdict is not what was wanted.
inline std::string text_of(const reports::Verdict& verdict) {
  return verdict.scenario + "/" + verdict.variant + ": " + verdict.outcome + " " + verdict.reason + " " +
         (verdict.violation ? verdict.violation->rule + ": " + verdict.violation->message + " (" +
                                  verdict.violation->schedule + ")"
                            : "") +
         ", " + std::to_string(verdict.executions) + " executions";
}

}  // namespace harness::test
