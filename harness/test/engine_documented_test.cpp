// The documented schedule of every variant of every scenario, in one execution each: the interleaving that a
// scenario draws in its head is the one that breaks its historical variants and leaves `claimed` alone.
#include <algorithm>
#include <filesystem>

#include "harness/engine/errors.hpp"
#include "harness/test/programs.hpp"

namespace harness {
namespace {

struct Documented {
  const Scenario* scenario;
  const Variant* variant;
  std::string schedule;
};

std::vector<std::string> plugins() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(HARNESS_BINARY_DIR "/lib/harness"))
    if (entry.path().extension() == ".so") names.push_back(entry.path());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Documented> documented() {
  begin_loading();
  for (const std::string& plugin : plugins())
    if (dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) throw std::runtime_error(dlerror());
  end_loading();
  std::vector<Documented> all;
  for (const Scenario& scenario : registered_scenarios())
    for (const Variant& variant : scenario.variants) {
      const std::string& own = variant.documented;
      const std::string schedule = own.empty() ? scenario.documented : own;
      if (!schedule.empty()) all.push_back({&scenario, &variant, schedule});
    }
  return all;
}

TEST(EngineDocumented, EveryDocumentedScheduleDoesWhatItsScenarioSays) {
  std::size_t count = 0;
  for (const Documented& test : documented()) {
    SCOPED_TRACE(test.scenario->name + "/" + test.variant->name + ": " + test.schedule);
    Options options;
    options.schedule = test.schedule;
    try {
      const reports::Verdict verdict = explore(*test.scenario, *test.variant, options);
      EXPECT_TRUE(verdict.as_expected) << test::text_of(verdict);
      EXPECT_EQ(verdict.executions, 1u);
    } catch (const ReplayDiverged& diverged) {
      ADD_FAILURE() << diverged.what();
    }
    ++count;
  }
  EXPECT_GE(count, 20u);
}

}  // namespace
}  // namespace harness
