// Programs of the shapes that other tools are tested with: ways/shapes.cpp says what must come of
// each.
#include <sstream>

#include "harness/test/process.hpp"

namespace harness::test {
namespace {

const std::string program = std::string(HARNESS_WAYS) + "/shapes";

// By hand it runs as if it were linked with nothing, and lists what there is.
std::vector<std::pair<std::string, std::string>> shapes() {
  std::vector<std::pair<std::string, std::string>> all;
  std::istringstream lines(run({{program}}).out);
  std::string name;
  std::string rule;
  while (lines >> name >> rule) all.emplace_back(name, rule);
  return all;
}

TEST(WaysShapes, EachComesOutAsItSays) {
  const Folder folder;
  const auto all = shapes();
  ASSERT_GT(all.size(), 30u);
  for (const std::string& build : {program, program + "-tsan"}) {
    if (!std::filesystem::exists(build)) continue;
    for (const auto& [name, rule] : all) {
      const Ran ran = run({{HARNESS_BINARY, "run", "--executions", "300", "--shrink-seconds", "0",
                            "--expect", rule, "--json", "report.json", "--", build, name},
                           {},
                           folder.path()});
      EXPECT_EQ(ran.code, 0) << name << "\n" << ran.out << ran.err;
    }
  }
}

}  // namespace
}  // namespace harness::test
