// The executable: fixed addresses first, then options, then the run; and the three kinds of failure
// told apart by exit code.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

#include "harness/cli/aslr.hpp"
#include "harness/cli/backend.hpp"
#include "harness/cli/corpus.hpp"
#include "harness/cli/files.hpp"
#include "harness/cli/help.hpp"
#include "harness/cli/options.hpp"
#include "harness/cli/run.hpp"
#include "harness/cli/signals.hpp"
#include "harness/cli/terminal.hpp"
#include "harness/engine/errors.hpp"

namespace {

using namespace harness;
using namespace harness::cli;

int print(const std::string& text) {
  const std::string problem = write_all(STDOUT_FILENO, text);
  return problem.empty() ? exit_as_expected : exit_failed;
}

int answer(const std::vector<std::string>& arguments, const std::string& program) {
  if (!arguments.empty() && arguments.front() == "corpus")
    return corpus_command({arguments.begin() + 1, arguments.end()});
  std::vector<std::string> environment;
  for (char** entry = environ; *entry; ++entry) environment.emplace_back(*entry);
  const CommandLine line = read_options(arguments, environment, has_engine());
  if (line.help) return print(help_text(std::min(console_options(STDOUT_FILENO, line).width, 110)));
  if (line.version) return print(version_text());
  return run(line, program);
}

void complain(const std::string& text) {
  static_cast<void>(write_all(STDERR_FILENO, "harness: " + text + "\n"));
}

}  // namespace

int main(int count, char** arguments) {
  if (has_engine()) without_address_randomization(arguments);
  keep_standard_descriptors();
  install_signal_handlers();
  const std::string program = count > 0 ? arguments[0] : "harness";
  try {
    return answer({arguments + std::min(count, 1), arguments + count}, program);
  } catch (const UsageError& error) {
    complain(std::string(error.what()) + "\n         (harness --help lists the options)");
    return exit_usage;
  } catch (const ReplayDiverged& error) {
    complain(error.what());
    return exit_failed;
  } catch (const std::exception& error) {
    complain(std::string("the tool failed: ") + error.what());
    return exit_failed;
  }
}
