// `harness run` on a program, and what it says.
#pragma once

#include <linux/close_range.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "harness/test/process.hpp"
#include "reports/json.hpp"

namespace harness::test {

struct Answer {
  int code;
  reports::Verdict verdict;  // empty where there is none
  std::string text;          // both outputs
};

inline Answer explore(const std::string& program, const std::vector<std::string>& options,
                      const std::vector<std::string>& arguments,
                      const std::vector<std::string>& environment = {}) {
  const Folder folder;
  Command command{
      {HARNESS_BINARY, "run", "--json", folder.file("report.json")}, environment, folder.path()};
  command.words.insert(command.words.end(), options.begin(), options.end());
  command.words.insert(command.words.end(), {"--", program});
  command.words.insert(command.words.end(), arguments.begin(), arguments.end());
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);  // what our caller has open is no matter of the program
  const Ran ran = run(command);
  Answer answer{ran.code, {}, ran.out + ran.err};
  std::ifstream file(folder.file("report.json"));
  const std::string document((std::istreambuf_iterator<char>(file)), {});
  if (!document.empty()) answer.verdict = reports::read_report(document, "report").verdicts.at(0);
  return answer;
}

}  // namespace harness::test
