#include "harness/explore/suppressions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "harness/engine/errors.hpp"
#include "harness/explore/symbolize.hpp"

namespace harness {
namespace {

constexpr std::array<std::string_view, 9> known_types = {
    "race", "race_top", "thread", "mutex", "signal", "deadlock", "called_from_lib", "fd", "fd_top"};

struct Suppression {
  std::string pattern;
  bool top = false;
};

// libstdc++ 12's own: a lock that it gives back with a relaxed operation, and caches that are
// filled by whoever comes first, with what everybody would put there.
std::vector<Suppression> built_in() {
  return {{"_Sp_atomic"}, {"^std::ctype<char>::narrow", true}, {"^std::ctype<char>::widen", true}};
}

std::vector<Suppression>& suppressions() {
  static std::vector<Suppression> all = built_in();
  return all;
}

// Whether `text` from its start goes on as `pattern` says.
bool goes_on(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return true;
  if (pattern == "$") return text.empty();
  if (pattern.front() == '*') {
    for (std::size_t i = 0; i <= text.size(); ++i)
      if (goes_on(text.substr(i), pattern.substr(1))) return true;
    return false;
  }
  return !text.empty() && text.front() == pattern.front() && goes_on(text.substr(1), pattern.substr(1));
}

bool matches(std::string_view text, std::string_view pattern) {
  if (!pattern.empty() && pattern.front() == '^') return goes_on(text, pattern.substr(1));
  for (std::size_t i = 0; i <= text.size(); ++i)
    if (goes_on(text.substr(i), pattern)) return true;
  return false;
}

bool matches(const reports::Frame& frame, const std::string& pattern) {
  return matches(frame.function, pattern) || matches(frame.file, pattern) || matches(frame.module, pattern);
}

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view space = " \t\r";
  const std::size_t first = line.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(space) - first + 1);
}

void add_line(std::string_view line, std::size_t number) {
  line = trimmed(line);
  if (line.empty() || line.front() == '#') return;
  const std::size_t colon = line.find(':');
  const std::string_view type = line.substr(0, colon);
  const bool is_known = std::find(known_types.begin(), known_types.end(), type) != known_types.end();
  if (colon == std::string_view::npos || !is_known || colon + 1 == line.size())
    throw UsageError(fmt::format("suppressions, line {}: '{}' is no suppression; expected a line such as "
                                 "race:function_name",
                                 number, line));
  if (type == "race" || type == "race_top")
    suppressions().push_back({std::string(line.substr(colon + 1)), type == "race_top"});
}

}  // namespace

void use_suppressions(std::string_view text) {
  suppressions() = built_in();
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    add_line(text.substr(0, end), number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool is_suppressed(std::span<const std::uintptr_t> stack, std::uintptr_t other) {
  std::vector<reports::Frame> frames;
  std::vector<std::size_t> tops = {0};
  for (const std::uintptr_t address : stack)
    for (reports::Frame& frame : frames_at(address)) frames.push_back(std::move(frame));
  tops.push_back(frames.size());
  for (reports::Frame& frame : frames_at(other)) frames.push_back(std::move(frame));
  for (const Suppression& suppression : suppressions())
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const bool is_top = i == tops[0] || i == tops[1];
      if ((is_top || !suppression.top) && matches(frames[i], suppression.pattern)) return true;
    }
  return false;
}

}  // namespace harness
