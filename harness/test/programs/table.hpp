// A plugin that is a list of small programs, each a variant with what must come of it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario.hpp"

namespace harness::test {

struct Program {
  void (*play)(Execution&);
  const char* expected = "pass";
};
using Programs = std::map<std::string_view, Program>;

inline std::vector<Variant> variants_of(const Programs& programs) {
  std::vector<Variant> all;
  for (const auto& [name, program] : programs) all.push_back({std::string(name), program.expected});
  return all;
}

}  // namespace harness::test
