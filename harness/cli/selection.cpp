#include "harness/cli/selection.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "harness/cli/pattern.hpp"

namespace harness::cli {

std::vector<Selected> select(const std::vector<Scenario>& all, std::string_view scenario_pattern,
                             std::string_view variant_pattern) {
  std::map<std::string, const Scenario*> by_name;
  for (const Scenario& scenario : all) by_name.emplace(scenario.name, &scenario);
  std::vector<std::string> names;
  for (const auto& [name, scenario] : by_name) names.push_back(name);
  const auto chosen = choose(scenario_pattern, names, "scenario");

  std::set<std::string> variants;
  for (const std::string& name : chosen)
    for (const Variant& variant : by_name.at(name)->variants) variants.insert(variant.name);
  const auto wanted = choose(variant_pattern, {variants.begin(), variants.end()}, "variant");

  std::vector<Selected> selected;
  for (const std::string& name : chosen) {
    Selected one{by_name.at(name), {}};
    for (const Variant& variant : one.scenario->variants)
      if (std::find(wanted.begin(), wanted.end(), variant.name) != wanted.end())
        one.variants.push_back(&variant);
    if (!one.variants.empty()) selected.push_back(std::move(one));
  }
  return selected;
}

std::string listing(const std::vector<Selected>& selected) {
  std::set<std::string> lines;
  for (const Selected& one : selected)
    for (const Variant* variant : one.variants)
      lines.insert(one.scenario->name + "/" + variant->name + "\n");
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

}  // namespace harness::cli
