// `harness run` with what cannot be run: each has its own sentence and exit code, before anything is started, or when
// the program's process ends too early.
#include <gtest/gtest.h>

#include <fstream>

#include "harness/test/process.hpp"

namespace harness::test {
namespace {

namespace fs = std::filesystem;

const std::string program = std::string(HARNESS_WAYS) + "/early";

Ran run_in(const Folder& folder, std::vector<std::string> words, std::vector<std::string> environment = {}) {
  words.insert(words.begin(), HARNESS_BINARY);
  return run({std::move(words), std::move(environment), folder.path()});
}

void expect_refused(const Ran& ran, const std::string& sentence) {
  EXPECT_EQ(ran.code, 2) << ran.out << ran.err;
  EXPECT_NE(ran.err.find(sentence), std::string::npos) << ran.err;
}

class File {
 public:
  File(const std::string& name, const std::string& content, bool executable = true) : path_(folder_.file(name)) {
    std::ofstream(path_, std::ios::binary) << content;
    if (executable) fs::permissions(path_, fs::perms::owner_all);
  }
  std::string path() const { return path_; }
  Ran run() const { return run_in(folder_, {"run", "--", path_}); }

 private:
  Folder folder_;
  std::string path_;
};

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(WaysRefused, OnTheCommandLine) {
  const Folder folder;
  expect_refused(run_in(folder, {"run"}), "no program is named; write harness run [options] -- PROGRAM");
  expect_refused(run_in(folder, {"run", "--"}), "no program is named");
  expect_refused(run_in(folder, {"run", program}), "a program is run with harness run -- ");
  expect_refused(run_in(folder, {"run", "--scenario", "x", "--", program}), "--scenario is about scenarios");
  expect_refused(run_in(folder, {"run", "--mode", "stress", "--", program}), "start the program itself");
  expect_refused(run_in(folder, {"run", "--isolation", "frok", "--", program}), "did you mean 'fork'?");
  expect_refused(run_in(folder, {"run", "--expect", "deadlok", "--", program}), "did you mean 'deadlock'?");
  expect_refused(run_in(folder, {"run", "--expect-status", "256", "--", program}), "--expect-status");
  expect_refused(run_in(folder, {"run", "--strategy", "rnadom", "--", program}), "did you mean 'random'?");
  expect_refused(run_in(folder, {"run", "--schedule", "main*", "--", program}), "schedule");
  expect_refused(run_in(folder, {"--isolation", "fork", "--scenario", "x"}), "is about a program: harness run");
  expect_refused(run_in(folder, {"run", "--replay", "missing.json"}), "missing.json");
  expect_refused(run_in(folder, {"run", "--break-at", "1", "--", program}), "--replay FILE or --schedule TEXT");
}

TEST(WaysRefused, Files) {
  const Folder folder;
  expect_refused(run_in(folder, {"run", "--", "./missing"}), "'./missing' cannot be run: No such file");
  expect_refused(run_in(folder, {"run", "--", "no-such-program"}), "'no-such-program' is not in PATH");
  expect_refused(run_in(folder, {"run", "--", folder.path()}), "is a directory");
  expect_refused(run_in(folder, {"run", "--", "/dev/null"}), "is no regular file");
  expect_refused(run_in(folder, {"run", "--", ""}), "the program's name is empty");
  expect_refused(run_in(folder, {"run", "--", HARNESS_BINARY}), "was not compiled with -fsanitize=thread");
  expect_refused(run_in(folder, {"run", "--", std::string(HARNESS_TEST_PLUGINS) + "/counts.so"}),
                 "is a shared object");
  expect_refused(File("script", "#!/bin/sh\n").run(), "is a script");
  expect_refused(File("text", "hello").run(), "is no ELF file");
  expect_refused(File("empty", "").run(), "is empty");
  expect_refused(File("closed", bytes_of(program), false).run(), "is not executable; chmod +x");
}

TEST(WaysRefused, DamagedFiles) {
  const std::string whole = bytes_of(program);
  for (const std::size_t bytes : {20u, 64u, 200u, 4096u})
    EXPECT_EQ(File("cut", whole.substr(0, bytes)).run().code, 2) << bytes;
  std::string machine = whole;
  machine[18] = 0x28;  // e_machine: ARM
  expect_refused(File("arm", machine).run(), "was built for another machine; x86-64 is wanted");
  std::string half = whole;
  half[4] = 1;  // 32 bits
  expect_refused(File("half", half).run(), "was built for another machine");
}

TEST(WaysRefused, ThreadsBeforeMain) {
  const Folder folder;
  expect_refused(run_in(folder, {"run", "--", program}, {"EARLY=thread"}), "has 2 threads before main() is called");
}

TEST(WaysRefused, WhatEndsBeforeMain) {
  const Folder folder;
  const auto reason = [&](const std::string& how) {
    const Ran ran = run_in(folder, {"run", "--", program}, {"EARLY=" + how});
    EXPECT_EQ(ran.code, 1) << ran.out << ran.err;
    return ran.out + ran.err;
  };
  EXPECT_NE(reason("exit").find("ended with status 3 before main()"), std::string::npos) << reason("exit");
  EXPECT_NE(reason("crash").find("was killed by signal 11"), std::string::npos) << reason("crash");
  EXPECT_NE(reason("say").find("something is missing"), std::string::npos) << reason("say");
}

// What it does before main() is done once, and is there in every execution.
TEST(WaysRefused, NotWhatIsDoneBeforeMain) {
  const Folder folder;
  for (const char* isolation : {"restore", "fork"}) {
    const Ran ran = run_in(folder, {"run", "--isolation", isolation, "--", program}, {"EARLY=allocate"});
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    EXPECT_NE(ran.out.find("exhaustive"), std::string::npos) << ran.out;
  }
}

TEST(WaysRefused, AJobThatIsNone) {
  const auto refused = [](const std::string& value) {
    const Ran ran = run({{program}, {"HARNESS_JOB=" + value}});
    EXPECT_EQ(ran.code, 2);
    return ran.err;
  };
  EXPECT_NE(refused("77").find("'77' is no descriptor that is open"), std::string::npos);
  EXPECT_NE(refused("x").find("no descriptor"), std::string::npos);
  EXPECT_NE(refused("1").find("no file with a job"), std::string::npos);
  EXPECT_NE(refused("1").find("Unset it, and the program runs as it is"), std::string::npos);
}

// Linked with our runtime, and started by nobody: as if it were linked with nothing.
TEST(WaysRefused, NothingWithoutTheTool) {
  EXPECT_EQ(run({{program}}).code, 0);
  const Ran ran = run({{std::string(HARNESS_WAYS) + "/queue", "--gtest_filter=Right.*"}});
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_EQ(run({{program}, {"EARLY=exit"}}).code, 3);
}

}  // namespace
}  // namespace harness::test
