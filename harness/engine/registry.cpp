#include "harness/engine/registry.hpp"

#include <set>
#include <stdexcept>

#include "harness/engine/loading.hpp"
#include "harness/engine/program_heap.hpp"

namespace harness {
namespace {

struct Registry {
  std::vector<Scenario> scenarios;
  std::vector<std::uintptr_t> modules;
  std::vector<std::size_t> parts;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

void check(const Scenario& scenario) {
  const std::string where = scenario.file.empty() ? "" : " (" + scenario.file + ")";
  if (scenario.name.empty()) throw std::invalid_argument("a scenario has no name" + where);
  if (!scenario.play) throw std::invalid_argument("scenario '" + scenario.name + "' has no play" + where);
  if (scenario.variants.empty())
    throw std::invalid_argument("scenario '" + scenario.name + "' has no variant" + where);
  std::set<std::string> variants;
  for (const Variant& variant : scenario.variants)
    if (!variants.insert(variant.name).second)
      throw std::invalid_argument("scenario '" + scenario.name + "' names variant '" + variant.name +
                                  "' twice" + where);
  for (const Scenario& other : registry().scenarios)
    if (other.name == scenario.name)
      throw std::invalid_argument("scenario '" + scenario.name + "' is registered twice: in " +
                                  other.file + " and in " + scenario.file);
}

}  // namespace

// The deep copy lives on the tool's own heap: what a plugin allocates while it is loaded belongs to the
// program under test and is restored for every execution.
void register_scenario(Scenario scenario) {
  const LoadingPaused paused;
  check(scenario);
  const Scenario& given = scenario;
  registry().scenarios.push_back(given);
  registry().modules.push_back(reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)));
  registry().parts.push_back(program_heap().part());
}

const std::vector<Scenario>& registered_scenarios() { return registry().scenarios; }

Origin origin_of(const Scenario& scenario) {
  for (std::size_t i = 0; i < registry().scenarios.size(); ++i)
    if (registry().scenarios[i].name == scenario.name) return {registry().modules[i], registry().parts[i]};
  return {};
}

std::span<const std::uintptr_t> registered_modules() { return registry().modules; }

}  // namespace harness
