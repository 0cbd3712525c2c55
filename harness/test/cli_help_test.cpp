// --help: every option with its default, within the width.
#include <gtest/gtest.h>

#include <sstream>

#include "harness/cli/help.hpp"
#include "harness/cli/option_table.hpp"

namespace harness::cli {
namespace {

TEST(CliHelp, EveryOptionWithItsDefault) {
  const std::string text = help_text(100);
  for (const OptionSpec& spec : option_table()) {
    EXPECT_NE(text.find(std::string("  --") + spec.name + " " + spec.argument), std::string::npos)
        << spec.name;
    const std::string fallback = std::string("[") + spec.fallback + "]";
    EXPECT_TRUE(*spec.fallback == '\0' || text.find(fallback) != std::string::npos) << spec.name;
  }
  for (const char* code : {"  0 ", "  1 ", "  2 ", "  3 ", "  77 "})
    EXPECT_NE(text.find(std::string("\n") + code), std::string::npos) << code;
}

TEST(CliHelp, StaysWithinTheWidth) {
  for (const int width : {80, 100}) {
    std::istringstream lines(help_text(width));
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(line.size(), static_cast<std::size_t>(width)) << line;
  }
}

TEST(CliHelp, VersionNamesTheBuild) {
  EXPECT_EQ(version_text().substr(0, 8), "harness ");
  const std::string sanitizer = HARNESS_SANITIZER;
  EXPECT_NE(version_text().find(sanitizer.empty() ? "with the engine" : "sanitizer " + sanitizer),
            std::string::npos);
}

}  // namespace
}  // namespace harness::cli
