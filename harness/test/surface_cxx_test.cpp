// The standard library's threads, line by line: programs/surface_cxx.cpp and surface_waits.cpp say what must come of each.
#include "harness/test/programs.hpp"

namespace harness {
namespace {

Options options_for(std::string_view strategy) { return test::small_search(strategy, 2000); }

TEST(SurfaceCxx, EveryVariantComesOutAsItSays) {
  for (const char* program : {"surface_cxx", "surface_waits"})
    for (const Variant& variant : test::program(program).variants) {
      if (variant.name == "semaphore-overuse") continue;
      for (const char* strategy : {"dfs", "random"}) {
        const reports::Verdict verdict = test::run(program, variant.name, options_for(strategy));
        EXPECT_TRUE(verdict.as_expected) << test::text_of(verdict);
        EXPECT_TRUE(!verdict.violation || verdict.reason.empty()) << test::text_of(verdict);
        EXPECT_EQ(verdict.uncontrolled, std::vector<std::string>()) << variant.name;
      }
    }
}

// A defect of the library itself, which takes several switches at the right places.
TEST(SurfaceCxx, ALostWakeUpOfTheStandardLibraryIsFound) {
  const reports::Verdict verdict = test::run("surface_waits", "semaphore-overuse", options_for("random"));
  EXPECT_TRUE(verdict.as_expected) << test::text_of(verdict);
}

// Who holds what, and who waits for it: for every kind of wait.
TEST(SurfaceCxx, ADeadlockNamesItsCycle) {
  const auto message_of = [](const char* variant) {
    const reports::Verdict verdict = test::run("surface_waits", variant, options_for("dfs"));
    return verdict.violation ? verdict.violation->message : test::text_of(verdict);
  };
  const std::string order = message_of("lock-order");
  EXPECT_NE(order.find("which backwards holds"), std::string::npos) << order;
  EXPECT_NE(order.find("which forwards holds"), std::string::npos) << order;
  const std::string upgrade = message_of("reader-upgrades");
  EXPECT_NE(upgrade.find("which it holds itself"), std::string::npos) << upgrade;
}

}  // namespace
}  // namespace harness
