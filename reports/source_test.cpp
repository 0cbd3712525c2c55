// Source lines: found or not, never a failure.
#include "reports/source.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "reports/console.hpp"
#include "reports/samples.hpp"

namespace reports {
namespace {

namespace fs = std::filesystem;

class Source : public testing::Test {
 protected:
  Source() {
    std::string name = (fs::temp_directory_path() / "reports-source-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    folder_ = name;
    std::ofstream(folder_ / "code.cpp") << "first\n  second(1);  \n\n\tfourth\n";
  }
  ~Source() override { fs::remove_all(folder_); }
  std::string line(int number) const {
    return source_line({"f", (folder_ / "code.cpp").string(), number, "m.so"});
  }
  fs::path folder_;
};

TEST_F(Source, IsTheLineWithoutTheSpaceAround) {
  EXPECT_EQ(line(1), "first");
  EXPECT_EQ(line(2), "second(1);");
  EXPECT_EQ(line(4), "fourth");
}

TEST_F(Source, IsEmptyWhereThereIsNone) {
  for (const int number : {-1, 0, 3, 5, 1'000'000}) EXPECT_EQ(line(number), "") << number;
  EXPECT_EQ(source_line({}), "");
  EXPECT_EQ(source_line({"f", "no/such/file.cpp", 1, ""}), "");
  EXPECT_EQ(source_line({"f", folder_.string(), 1, ""}), "") << "a directory";
  EXPECT_EQ(source_line({"f", "../..", 1, ""}), "");
}

TEST_F(Source, IsFoundFromADirectoryBelow) {
  const fs::path before = fs::current_path();
  fs::create_directories(folder_ / "a/b");
  fs::current_path(folder_ / "a/b");
  EXPECT_EQ(source_line({"f", "../../code.cpp", 1, ""}), "first");
  EXPECT_EQ(source_line({"f", "../../../../../code.cpp", 2, ""}), "second(1);");
  fs::current_path(before);
}

TEST_F(Source, StandsBelowTheGuiltyFrame) {
  Verdict verdict = samples::violation();
  verdict.violation->accesses.back().stack = {{"f", (folder_ / "code.cpp").string(), 2, ""}};
  const ConsoleOptions with{.width = 100, .sources = true};
  EXPECT_NE(to_text(verdict, with).find("second(1);\n"), std::string::npos);
  EXPECT_EQ(to_text(verdict, {.width = 100}).find("second(1);\n"), std::string::npos);
}

TEST_F(Source, StacksOfEveryStepOnDemand) {
  const Verdict verdict = samples::violation();
  const std::string usual = to_text(verdict, {.width = 100});
  const std::string all = to_text(verdict, {.width = 100, .stacks = true});
  EXPECT_EQ(usual.find("step 9: reader @polled\n"), std::string::npos);
  EXPECT_NE(all.find("step 9: reader @polled\n"), std::string::npos) << all;
  EXPECT_NE(all.find("step 8: reader unlock mutex A\n"), std::string::npos);
  EXPECT_EQ(all.find("step 2: main"), std::string::npos) << "it is folded";
}

}  // namespace
}  // namespace reports
