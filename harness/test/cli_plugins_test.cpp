// Plugins, good and bad: what is said about each, and that none takes the tool down. Nothing is
// loaded for good here; the tests of the executable do that.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/cli/plugins.hpp"
#include "harness/cli/probe.hpp"
#include "harness/engine/errors.hpp"
#include "harness/scenario.hpp"
#include "harness/test/process.hpp"

namespace harness::cli {
namespace {

const std::string sanitizer = HARNESS_SANITIZER;

std::string dir_of(const std::string& name) { return std::string(HARNESS_PLUGINS) + "/" + name; }
std::string file_of(const std::string& name) { return dir_of(name) + "/" + name + ".so"; }

std::string refusal(const std::vector<PluginDir>& dirs) {
  try {
    load_plugins(dirs, sanitizer);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(CliPlugins, AGoodOneTellsItsScenarios) {
  const std::size_t before = registered_scenarios().size();
  const Probed probed = probe_plugin(file_of("good"));
  EXPECT_EQ(probed.problem, "");
  EXPECT_EQ(probed.scenarios, (std::vector<std::string>{"calm", "loud", "sham"}));
  EXPECT_EQ(registered_scenarios().size(), before) << "a trial must leave nothing behind";
}

TEST(CliPlugins, WhatHappensWhileOneIsLoaded) {
  EXPECT_EQ(probe_plugin(file_of("throws")).problem, "throws while it is loaded: no such weather");
  EXPECT_EQ(probe_plugin(file_of("throws_number")).problem,
            "throws something that is no std::exception while it is loaded");
  EXPECT_EQ(probe_plugin(file_of("crashes")).problem,
            "crashes while it is loaded: Segmentation fault");
  EXPECT_EQ(probe_plugin(file_of("exits")).problem,
            "ends the process while it is loaded (exit status 5)");
  EXPECT_TRUE(mentions(probe_plugin(file_of("twice")).problem, "names variant 'right' twice"));
  EXPECT_TRUE(mentions(probe_plugin(file_of("unresolved")).problem,
                       "undefined symbol: nobody_has_this_function"));
  EXPECT_TRUE(probe_plugin(file_of("empty")).scenarios.empty());
}

TEST(CliPlugins, TheCompilerFlagIsNamed) {
  EXPECT_EQ(plugin_problem(file_of("good"), sanitizer), "");
  const std::string flag = sanitizer == "address" ? "-fsanitize=address" : "-fsanitize=thread";
  EXPECT_TRUE(mentions(plugin_problem(file_of("uninstrumented"), sanitizer),
                       "was not compiled with " + flag));
  // A plugin of this build, given to another kind of build.
  const std::string other = sanitizer == "address" ? "" : "address";
  EXPECT_TRUE(mentions(plugin_problem(file_of("good"), other), "-fsanitize="));
}

TEST(CliPlugins, InADirectoryOfTheUsersABrokenOneIsAnError) {
  for (const char* name :
       {"throws", "crashes", "exits", "empty", "uninstrumented", "unresolved", "twice"}) {
    const std::string text = refusal({{dir_of(name), "--plugin-dir", true}});
    EXPECT_TRUE(mentions(text, "plugin '" + file_of(name) + "' ")) << text;
  }
}

TEST(CliPlugins, InTheDefaultDirectoryItIsAWarning) {
  const LoadedPlugins loaded = load_plugins({{dir_of("throws"), "beside the executable", false},
                                             {"/nowhere", "beside the executable", false}},
                                            sanitizer);
  EXPECT_TRUE(loaded.files.empty());
  ASSERT_EQ(loaded.warnings.size(), 2u);
  EXPECT_TRUE(mentions(loaded.warnings[0], "throws.so"));
  EXPECT_TRUE(mentions(loaded.warnings[1], "/nowhere"));
}

TEST(CliPlugins, ANameInTwoFiles) {
  const std::string text =
      refusal({{dir_of("good"), "--plugin-dir", true}, {dir_of("again"), "--plugin-dir", true}});
  EXPECT_EQ(text, "scenario 'calm' is registered by two plugins, '" + file_of("good") + "' and '" +
                      file_of("again") + "'; rename it or remove one of them");
}

TEST(CliPlugins, DirectoriesThatAreNoneOrEmpty) {
  const test::Folder folder;
  std::ofstream(folder.file("plain")) << "";
  EXPECT_TRUE(
      mentions(refusal({{"/nowhere", "--plugin-dir", true}}),
               "--plugin-dir: directory '/nowhere' cannot be read: No such file or directory"));
  EXPECT_TRUE(
      mentions(refusal({{folder.file("plain"), "HARNESS_PLUGIN_PATH", true}}), "Not a directory"));
  EXPECT_TRUE(
      mentions(refusal({{folder.path().string(), "--plugin-dir", true}}), "no plugin (*.so)"));
  std::ofstream(folder.file("text.so")) << "hello";
  EXPECT_TRUE(
      mentions(refusal({{folder.path().string(), "--plugin-dir", true}}), "is no ELF file"));
}

TEST(CliPlugins, TheOrderOfTheSearch) {
  const auto dirs = plugin_dirs({"a", "b"}, "c::d", "/opt/build/bin/harness");
  ASSERT_EQ(dirs.size(), 4u) << "/opt/build/lib/harness is not there";
  EXPECT_EQ(dirs[0].path + dirs[1].path + dirs[2].path + dirs[3].path, "abcd");
  EXPECT_EQ(dirs[3].origin, "HARNESS_PLUGIN_PATH");
  const auto only = plugin_dirs({}, "", "/opt/build/bin/harness");
  ASSERT_EQ(only.size(), 1u);
  EXPECT_EQ(only[0].path, "/opt/build/lib/harness");
  EXPECT_FALSE(only[0].by_user);
}

}  // namespace
}  // namespace harness::cli
