// Configuration files: what is read, and which line is blamed for what is not.
#include <gtest/gtest.h>

#include "harness/cli/config_file.hpp"
#include "harness/engine/errors.hpp"

namespace harness::cli {
namespace {

std::string refusal(std::string_view text) {
  try {
    parse_config(text, "some.ini");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(CliConfigFile, NamesAndValues) {
  const auto settings = parse_config(
      "# remark\r\n\r\n; another\n  seed=7\nschedule = reader@polled reclaimer # reader\n"
      "json = \" spaced \"\nplugin-dir = a\nplugin-dir = b",
      "some.ini");
  const std::vector<Setting> wanted{
      {"seed", "7", "some.ini:4: seed"},
      {"schedule", "reader@polled reclaimer # reader", "some.ini:5: schedule"},
      {"json", " spaced ", "some.ini:6: json"},
      {"plugin-dir", "a", "some.ini:7: plugin-dir"},
      {"plugin-dir", "b", "some.ini:8: plugin-dir"}};
  EXPECT_EQ(settings, wanted);
}

TEST(CliConfigFile, NothingIsNoError) {
  EXPECT_TRUE(parse_config("", "some.ini").empty());
  EXPECT_TRUE(parse_config("\xef\xbb\xbf\n\n", "some.ini").empty());
}

TEST(CliConfigFile, TheLineIsBlamed) {
  EXPECT_EQ(refusal("seed = 1\nsecods = 2"),
            "some.ini:2: unknown option 'secods'; did you mean 'seconds'?");
  EXPECT_EQ(refusal("\nseed"), "some.ini:2: 'name = value' is wanted, found 'seed'");
  EXPECT_EQ(refusal("[limits]"),
            "some.ini:1: sections are not used here; write 'name = value' lines only");
  EXPECT_EQ(refusal("seed = 1\nseed = 2"), "some.ini:2: 'seed' was given above already");
  EXPECT_EQ(refusal("help = yes"), "some.ini:1: 'help' belongs on the command line");
  EXPECT_EQ(refusal("config = other.ini"), "some.ini:1: 'config' belongs on the command line");
  EXPECT_NE(refusal("= 3"), "accepted");
  EXPECT_NE(refusal(std::string_view("\0\0\0", 3)), "accepted");
}

TEST(CliConfigFile, AFileThatCannotBeRead) {
  EXPECT_THROW(read_config("/nowhere/some.ini"), UsageError);
  EXPECT_THROW(read_config("/"), UsageError);
}

}  // namespace
}  // namespace harness::cli
