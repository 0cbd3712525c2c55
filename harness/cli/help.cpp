#include "harness/cli/help.hpp"

#include <fmt/format.h>

#include <string_view>

#include "harness/cli/backend.hpp"
#include "harness/cli/documents.hpp"
#include "harness/cli/option_table.hpp"
#include "reports/text.hpp"

namespace harness::cli {
namespace {

constexpr std::size_t help_column = 24;

constexpr std::string_view opening =
    "harness finds, explains and replays concurrency bugs in unmodified C++.\n"
    "\n"
    "  harness --scenario free-vs-alloc      explore every variant of a scenario\n"
    "  harness --scenario '*'                of all of them; --list names them\n"
    "  harness --scenario poll-vs-free --variant documented-fix \\\n"
    "          --schedule 'reader@polled reclaimer reader'\n"
    "  harness --replay reports/free-vs-alloc.json --repeat 1000\n"
    "  harness run -- ./program argument     explore a program that was compiled with\n"
    "                                        -fsanitize=thread\n";

constexpr std::string_view closing_precedence =
    "Every option but --list, --help, --version and --config may stand in a configuration file, "
    "and every "
    "one but the first three in the environment: --max-steps is HARNESS_MAX_STEPS. The command "
    "line stands "
    "before the environment, the environment before the file, the file before what the scenario "
    "asks for, "
    "and that before the defaults. Giving one of --executions and --seconds drops the default of "
    "the other.";

constexpr std::string_view closing_interrupt =
    "Ctrl-C ends a run with the verdicts so far: the variant that was running is inconclusive, the "
    "exit "
    "code 1. A second Ctrl-C kills. A report that cannot be written is printed to standard output "
    "instead, "
    "and the exit code is 3.";

constexpr std::string_view exit_codes =
    "Exit codes:\n"
    "  0   every verdict is as its scenario expects\n"
    "  1   one is not\n"
    "  2   options, configuration, plugins, names or schedule text cannot be used\n"
    "  3   the tool failed, a replay differed, or a report could not be written\n"
    "  77  skipped (in CTest): something is missing on this machine\n";

std::string paragraph(std::string_view text, std::size_t width) {
  std::string result;
  for (const std::string& line : reports::wrapped(text, width)) result += line + "\n";
  return result;
}

std::string entry(const OptionSpec& spec, std::size_t width) {
  std::string head = fmt::format("  --{} {}", spec.name, spec.argument);
  std::string help = spec.help;
  if (*spec.fallback != '\0') help += fmt::format(" [{}]", spec.fallback);
  std::string result;
  if (head.size() + 1 >= help_column) {
    result = head + "\n";
    head.clear();
  }
  for (const std::string& line : reports::wrapped(help, width - help_column)) {
    result += reports::padded(head, help_column) + line + "\n";
    head.clear();
  }
  return result;
}

}  // namespace

std::string help_text(int width) {
  const auto columns = static_cast<std::size_t>(width);
  std::string text(opening);
  std::string_view group;
  for (const OptionSpec& spec : option_table()) {
    if (group != spec.group) {
      group = spec.group;
      text += fmt::format("\n{}\n", group);
    }
    text += entry(spec, columns);
  }
  text += "\n" + paragraph(closing_precedence, columns);
  text += "\n" + paragraph(closing_interrupt, columns);
  return text + "\n" + std::string(exit_codes);
}

std::string version_text() {
  const std::string sanitizer = sanitizer_name();
  const std::string kind =
      sanitizer.empty() ? "with the engine" : "real threads only, sanitizer " + sanitizer;
  return fmt::format("harness {} ({}, {})\n", tool_version(), HARNESS_BUILD_TYPE, kind);
}

}  // namespace harness::cli
