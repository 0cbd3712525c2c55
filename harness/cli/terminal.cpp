#include "harness/cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace harness::cli {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// As the C library decides it: the first of these that is set.
bool utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = variable(name);
    if (value.empty()) continue;
    for (const std::string_view suffix : {"UTF-8", "utf-8", "UTF8", "utf8"})
      if (value.find(suffix) != std::string_view::npos) return true;
    return false;
  }
  return false;
}

int columns(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return std::clamp<int>(size.ws_col, 60, 250);
  return 110;  // no terminal: a log
}

}  // namespace

bool is_live_terminal(int descriptor) {
  return isatty(descriptor) == 1 && variable("TERM") != "dumb";
}

reports::ConsoleOptions console_options(int descriptor, const CommandLine& line) {
  reports::ConsoleOptions options;
  options.width = columns(descriptor);
  options.unicode = utf8_locale();
  options.verbose = line.verbose;
  options.stacks = line.stacks;
  options.sources = true;
  options.color =
      line.color == Color::always || (line.color == Color::automatic &&
                                      is_live_terminal(descriptor) && variable("NO_COLOR").empty());
  return options;
}

}  // namespace harness::cli
