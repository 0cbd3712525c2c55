// The executable as a user meets it: exit codes, what goes where, documents, and bad input.
#include <gtest/gtest.h>
#include <pty.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "harness/test/process.hpp"

namespace harness {
namespace {

namespace fs = std::filesystem;
using test::Ran;

const bool engine = std::string(HARNESS_SANITIZER).empty();

std::string plugins(const std::string& name) { return std::string(HARNESS_PLUGINS) + "/" + name; }

// What the program writes to standard error where that is a terminal.
std::string on_a_terminal(std::vector<std::string> words, std::vector<std::string> environment,
                          const std::string& kind) {
  int ours = -1;
  int its = -1;
  if (openpty(&ours, &its, nullptr, nullptr, nullptr) != 0) std::abort();
  environment.push_back("TERM=" + kind);
  const pid_t child = fork();
  if (child == 0) {
    dup2(open("/dev/null", O_RDWR), STDOUT_FILENO);
    dup2(its, STDERR_FILENO);
    close(ours);
    const fs::path folder = fs::path(words[0]).parent_path();
    if (chdir(folder.c_str()) != 0) _exit(126);
    execve(words[0].c_str(), test::pointers(words).data(), test::pointers(environment).data());
    _exit(127);
  }
  close(its);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = read(ours, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(got));
  close(ours);
  waitpid(child, nullptr, 0);
  return text;
}

// harness with the plugin `good` alone, in a directory of its own; short on real threads.
class CliProcess : public testing::Test {
 protected:
  Ran harness(std::vector<std::string> words, std::vector<std::string> environment = {}) {
    words.insert(words.begin(), executable());
    environment.push_back("HARNESS_PLUGIN_PATH=" + plugins("good"));
    return test::run({words, environment, folder_.path().string()});
  }
  // A copy of the layout without the plugins beside the executable.
  std::string executable() {
    const fs::path bin = folder_.path() / "install" / "bin";
    if (!fs::exists(bin)) {
      fs::create_directories(bin);
      fs::copy(HARNESS_BINARY, bin / "harness");
      const fs::path runtime = fs::path(HARNESS_BINARY_DIR) / "lib" / "libharness_runtime.so";
      fs::create_directories(folder_.path() / "install" / "lib");
      if (fs::exists(runtime))
        fs::create_symlink(runtime, folder_.path() / "install/lib/libharness_runtime.so");
    }
    return (bin / "harness").string();
  }
  std::vector<std::string> chosen(const std::string& scenario, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"--scenario", scenario};
    if (!engine) words.insert(words.end(), {"--seconds", "0.2"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string text(const std::string& name) {
    std::ifstream file(folder_.file(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  nlohmann::json document(const std::string& name) { return nlohmann::json::parse(text(name)); }

  test::Folder folder_;
};

TEST_F(CliProcess, AVerdictAsExpectedIsZeroAndADocument) {
  const Ran ran = harness(chosen("loud"));
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out.substr(0, 7), "seed 1\n");
  EXPECT_NE(ran.out.find("2 verdicts, all as expected\nreport: reports/loud.json\n"),
            std::string::npos);
  EXPECT_NE(ran.out.find("reproduce: " + executable() + " --scenario loud"), std::string::npos);
  const auto report = document("reports/loud.json");
  EXPECT_EQ(report["verdicts"].size(), 2u);
  EXPECT_EQ(report["verdicts"][0]["outcome"], "violation");
  EXPECT_EQ(report["verdicts"][0]["violation"]["rule"], "lost-data");
  EXPECT_EQ(report["verdicts"][0]["freed_region_in_use"], false);
  EXPECT_EQ(report["verdicts"][1]["outcome"], "pass");
  const std::string reproduce = report["verdicts"][0]["reproduce"];
  EXPECT_TRUE(reproduce.starts_with("harness --scenario loud --variant declared ")) << reproduce;
}

TEST_F(CliProcess, AVerdictNotAsExpectedIsOne) {
  const Ran ran = harness(chosen("sham"));
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.out.find("FAIL"), std::string::npos);
}

TEST_F(CliProcess, ListIsBareAndSorted) {
  EXPECT_EQ(harness({"--list"}).out, "calm/right\nloud/declared\nloud/right\nsham/undeclared\n");
  EXPECT_EQ(harness({"--list", "--scenario", "l*", "--variant", "r*"}).out, "loud/right\n");
  EXPECT_EQ(harness({"--list", "--scenario", "zz*"}).code, 2);
}

TEST_F(CliProcess, UsageIsTwoAndASentence) {
  const std::vector<std::vector<std::string>> cases{
      {},
      {"calm"},
      {"--scenario", "clam"},
      {"--scenario", "calm", "--variant", "rihgt"},
      {"--scenario", "calm", "--sed", "1"},
      {"--scenario", "calm", "--seed", "-1"},
      {"--scenario", "calm", "--schedule", "left@"},
      {"--scenario", "*", "--schedule", "main"},
      {"--scenario", "calm", "--config", "absent.ini"},
      {"--replay", "absent.json"},
      {"--scenario", "calm", "--json", "."},
      {"--scenario", "calm", "--plugin-dir", "absent"}};
  for (const auto& words : cases) {
    const Ran ran = harness(words);
    EXPECT_EQ(ran.code, 2) << testing::PrintToString(words) << ran.out;
    EXPECT_EQ(ran.out, "") << testing::PrintToString(words);
    EXPECT_EQ(ran.err.substr(0, 9), "harness: ") << testing::PrintToString(words);
  }
  EXPECT_NE(harness({"--scenario", "clam"}).err.find("did you mean 'calm'?"), std::string::npos);
  if (engine)
    EXPECT_NE(harness({"--scenario", "calm", "--strategy", "dsf"}).err.find("did you mean 'dfs'?"),
              std::string::npos);
  else
    EXPECT_NE(harness({"--scenario", "calm", "--mode", "explore"}).err.find("use --mode stress"),
              std::string::npos);
}

TEST_F(CliProcess, BadPluginsNeverTakeItDown) {
  for (const char* name : {"throws", "throws_number", "crashes", "exits", "empty", "uninstrumented",
                           "unresolved", "twice", "again"}) {
    const Ran ran = harness(chosen("calm", {"--plugin-dir", plugins(name)}));
    EXPECT_EQ(ran.code, 2) << name << ran.err;
    EXPECT_NE(ran.err.find(name), std::string::npos) << name;
  }
}

TEST_F(CliProcess, ABrokenPluginBesideTheExecutableIsLeftOut) {
  executable();
  fs::create_directories(folder_.path() / "install/lib/harness");
  std::ofstream(folder_.file("install/lib/harness/broken.so")) << "hello";
  const Ran ran = harness(chosen("calm"));
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("broken.so' is no ELF file"), std::string::npos);
}

TEST_F(CliProcess, OneDocumentOnStandardOutput) {
  const Ran ran = harness(chosen("*", {"--json", "-"}));
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(nlohmann::json::parse(ran.out)["verdicts"].size(), 4u);
  EXPECT_EQ(ran.err.substr(0, 7), "seed 1\n");
  EXPECT_FALSE(fs::exists(folder_.file("reports")));
}

TEST_F(CliProcess, ADocumentThatCannotBeWrittenIsPrinted) {
  std::ofstream(folder_.file("plain")) << "";
  const Ran ran = harness(chosen("calm", {"--report-dir", "plain", "--quiet"}));
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("report directory 'plain'"), std::string::npos);
  const auto begin = ran.out.find('{');
  const auto end = ran.out.rfind('}');
  ASSERT_NE(end, std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(ran.out.substr(begin, end - begin + 1))["verdicts"].size(), 1u);
  EXPECT_EQ(harness(chosen("calm", {"--json", "/dev/full"})).code, 3);
  EXPECT_EQ(harness(chosen("calm", {"--json", "absent/report.json"})).code, 3);
}

TEST_F(CliProcess, QuietIsOneLine) {
  EXPECT_EQ(harness(chosen("calm", {"--quiet"})).out, "1 verdict, as expected\n");
}

TEST_F(CliProcess, ColoursWhereTheyAreWanted) {
  EXPECT_EQ(harness(chosen("calm")).out.find('\x1b'), std::string::npos);
  EXPECT_NE(harness(chosen("calm", {"--color", "always"})).out.find('\x1b'), std::string::npos);
  EXPECT_EQ(harness(chosen("calm", {"--color", "never"})).err.find('\x1b'), std::string::npos);
}

TEST_F(CliProcess, TheSameSeedIsTheSameBytesOutsideTheEnvironment) {
  if (!engine) GTEST_SKIP() << "real threads";
  harness(chosen("loud", {"--seed", "7", "--json", "one.json"}));
  harness(chosen("loud", {"--seed", "7", "--json", "two.json"}));
  const auto stable = [this](const std::string& name) {
    const std::string all = text(name);
    return all.substr(0, all.find("\"environment\""));
  };
  EXPECT_GT(stable("one.json").size(), 500u);
  EXPECT_EQ(stable("one.json"), stable("two.json"));
}

TEST_F(CliProcess, AScheduleAndWhatItParts) {
  const Ran fits = harness({"--scenario", "calm", "--schedule", "left@added right left"});
  EXPECT_EQ(fits.code, 0) << fits.out << fits.err;
  const Ran parts = harness({"--scenario", "calm", "--schedule", "left@nowhere right"});
  EXPECT_EQ(parts.code, 3) << parts.out << parts.err;
  EXPECT_EQ(document("reports/calm.json")["verdicts"][0]["outcome"], "error");
  // One execution that stays clean is not what a variant that must violate is declared to do.
  const Ran clean =
      harness({"--scenario", "loud", "--variant", "right", "--schedule", "left right"});
  EXPECT_EQ(clean.code, 0) << clean.out << clean.err;
}

TEST_F(CliProcess, FoundPrintedParsedAndReplayed) {
  if (!engine) GTEST_SKIP() << "recorded by the engine";
  ASSERT_EQ(harness(chosen("loud")).code, 0);
  const Ran ran = harness({"--replay", "reports/loud.json", "--repeat", "20"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("20 of 20: lost-data at step "), std::string::npos) << ran.out;
  EXPECT_TRUE(fs::exists(folder_.file("reports/loud.replay.json")));
  auto report = document("reports/loud.json");
  report["verdicts"][0]["violation"]["step"] = 1234567;
  std::ofstream(folder_.file("changed.json")) << report;
  const Ran differs = harness({"--replay", "changed.json"});
  EXPECT_EQ(differs.code, 3) << differs.out;
  EXPECT_NE(differs.out.find("wanted lost-data at step 1234567, got"), std::string::npos)
      << differs.out;
}

TEST_F(CliProcess, CtrlCEndsWithTheVerdictSoFar) {
  std::vector<std::string> words = chosen("calm", {"--executions", "0", "--seconds", "60"});
  if (engine) words.insert(words.end(), {"--strategy", "random"});
  if (!engine) words = {"--scenario", "calm", "--seconds", "60"};
  words.insert(words.begin(), executable());
  const Ran ran = test::run({words,
                             {"HARNESS_PLUGIN_PATH=" + plugins("good")},
                             folder_.path().string(),
                             [](pid_t process) { kill(-process, SIGINT); }});
  EXPECT_EQ(ran.code, 1) << ran.out << ran.err;
  EXPECT_EQ(document("reports/calm.json")["verdicts"][0]["outcome"], "inconclusive") << ran.out;
}

TEST_F(CliProcess, ClosedDescriptorsAreNoOnesTarget) {
  std::string line = "'" + executable() + "'";
  for (const std::string& word : chosen("calm")) line += " '" + word + "'";
  const auto shell = [&](const std::string& text) {
    return test::run({{"/bin/sh", "-c", text},
                      {"HARNESS_PLUGIN_PATH=" + plugins("good")},
                      folder_.path().string()});
  };
  EXPECT_EQ(shell(line + " <&- >&-").code, 0);
  EXPECT_EQ(document("reports/calm.json")["verdicts"].size(), 1u);
  EXPECT_EQ(shell(line + " --json two.json <&- >&- 2>&-").code, 0);
  EXPECT_EQ(document("two.json")["verdicts"].size(), 1u);
  EXPECT_EQ(shell(line + " --json - >&-").code, 3);
}

TEST_F(CliProcess, ProgressIsDrawnOnATerminalAndErased) {
  std::vector<std::string> words{executable(), "--scenario", "calm", "--executions", "0"};
  words.insert(words.end(), {"--seconds", "1"});
  if (engine) words.insert(words.end(), {"--strategy", "random"});
  const std::string drawn =
      on_a_terminal(words, {"HARNESS_PLUGIN_PATH=" + plugins("good")}, "xterm");
  EXPECT_NE(drawn.find("\rcalm/right  "), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("s left\x1b[K"), std::string::npos) << drawn;
  EXPECT_TRUE(drawn.ends_with("\r\x1b[K")) << drawn;
  EXPECT_EQ(on_a_terminal(words, {"HARNESS_PLUGIN_PATH=" + plugins("good")}, "dumb"), "");
}

TEST_F(CliProcess, AReaderThatGoesAwayCostsNoDocument) {
  std::vector<std::string> words = chosen("calm");
  words.insert(words.begin(), executable());
  std::string line = "'" + words[0] + "'";
  for (std::size_t i = 1; i < words.size(); ++i) line += " '" + words[i] + "'";
  const Ran ran =
      test::run({{"/bin/sh", "-c", "{ sleep 0.2; " + line + "; echo $? > code; } | true"},
                 {"HARNESS_PLUGIN_PATH=" + plugins("good")},
                 folder_.path().string()});
  EXPECT_EQ(ran.code, 0);
  for (int i = 0; i < 100 && text("code").empty(); ++i) usleep(100'000);
  EXPECT_EQ(text("code"), "0\n");
  EXPECT_EQ(document("reports/calm.json")["verdicts"][0]["outcome"], "pass");
}

}  // namespace
}  // namespace harness
