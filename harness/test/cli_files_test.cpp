// Files: all or nothing, whatever stands in the way.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "harness/cli/files.hpp"
#include "harness/engine/errors.hpp"
#include "harness/test/process.hpp"

namespace harness::cli {
namespace {

namespace fs = std::filesystem;

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

TEST(CliFiles, WritesWholeAndReplaces) {
  const test::Folder folder;
  const std::string path = folder.file("report.json");
  EXPECT_EQ(write_file(path, "one"), "");
  EXPECT_EQ(write_file(path, std::string(300000, 'x')), "");
  EXPECT_EQ(read_file(path, "--replay").size(), 300000u);
  EXPECT_EQ(entries(folder.path()), 1u) << "a temporary file was left behind";
}

TEST(CliFiles, ALinkStaysALink) {
  const test::Folder folder;
  ASSERT_EQ(write_file(folder.file("real"), "old"), "");
  fs::create_symlink(folder.file("real"), folder.file("link"));
  EXPECT_EQ(write_file(folder.file("link"), "new"), "");
  EXPECT_TRUE(fs::is_symlink(folder.file("link")));
  EXPECT_EQ(read_file(folder.file("real"), "--replay"), "new");
}

TEST(CliFiles, ADeviceIsWrittenToAndNotReplaced) {
  EXPECT_EQ(write_file("/dev/null", "text"), "");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_EQ(write_file("/dev/full", "text"), "No space left on device");
}

TEST(CliFiles, WhatCannotBeWrittenLeavesNothingBehind) {
  const test::Folder folder;
  fs::create_directory(folder.file("directory"));
  EXPECT_EQ(write_file(folder.file("directory"), "text"), "it is a directory");
  EXPECT_NE(write_file(folder.file("absent/report.json"), "text"), "");
  EXPECT_NE(write_file(folder.file(std::string(300, 'n')), "text"), "");
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(CliFiles, Directories) {
  const test::Folder folder;
  EXPECT_EQ(make_directory(folder.file("a/b/c")), "");
  EXPECT_EQ(make_directory(folder.file("a/b/c")), "");
  EXPECT_EQ(make_directory(folder.file("a/b/c/")), "");
  ASSERT_EQ(write_file(folder.file("plain"), ""), "");
  EXPECT_NE(make_directory(folder.file("plain")), "");
  EXPECT_NE(make_directory(folder.file("plain/below")), "");
}

TEST(CliFiles, ReadingWhatIsNotThere) {
  const test::Folder folder;
  EXPECT_THROW(read_file(folder.file("absent"), "--replay"), UsageError);
  EXPECT_THROW(read_file(folder.path().string(), "--replay"), UsageError);
}

}  // namespace
}  // namespace harness::cli
