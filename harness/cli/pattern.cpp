#include "harness/cli/pattern.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/engine/errors.hpp"
#include "harness/engine/nearest.hpp"

namespace harness::cli {
namespace {

using Names = std::vector<std::string>;

struct Filter {
  std::vector<std::string_view> wanted;
  std::vector<std::string_view> unwanted;
};

bool matches_any_name(std::string_view glob, const Names& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return glob_matches(glob, name); });
}

bool matches_any_glob(const std::vector<std::string_view>& globs, std::string_view name) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](std::string_view glob) { return glob_matches(glob, name); });
}

// Where "*-double-release" falls into what is wanted and what is not; npos where it does not.
std::size_t inner_dash(std::string_view part, const Names& names) {
  if (matches_any_name(part, names)) return std::string_view::npos;
  for (auto dash = part.find('-'); dash != std::string_view::npos; dash = part.find('-', dash + 1))
    if (matches_any_name(part.substr(0, dash), names) &&
        matches_any_name(part.substr(dash + 1), names))
      return dash;
  return std::string_view::npos;
}

Filter parse(std::string_view pattern, const Names& names) {
  Filter filter;
  bool leaving_out = false;
  while (true) {
    const auto colon = pattern.find(':');
    std::string_view part = pattern.substr(0, colon);
    if (!leaving_out && part.starts_with('-')) {
      leaving_out = true;
      part.remove_prefix(1);
    } else if (!leaving_out) {
      if (const auto dash = inner_dash(part, names); dash != std::string_view::npos) {
        filter.wanted.push_back(part.substr(0, dash));
        leaving_out = true;
        part.remove_prefix(dash + 1);
      }
    }
    if (!part.empty()) (leaving_out ? filter.unwanted : filter.wanted).push_back(part);
    if (colon == std::string_view::npos) break;
    pattern.remove_prefix(colon + 1);
  }
  if (filter.wanted.empty() && leaving_out) filter.wanted.push_back("*");
  return filter;
}

void check_names(const std::vector<std::string_view>& globs, const Names& names,
                 std::string_view kind) {
  for (const std::string_view glob : globs) {
    if (glob.find_first_of("*?") != std::string_view::npos || matches_any_name(glob, names))
      continue;
    const auto slash = glob.find('/');
    if (slash != std::string_view::npos)
      throw UsageError(fmt::format("'{0}' is no {1}: write --scenario {2} --variant {3}", glob,
                                   kind, glob.substr(0, slash), glob.substr(slash + 1)));
    throw UsageError(unknown(kind, glob, names));
  }
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view name) {
  std::size_t g = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;  // the last '*', and how much of the name it has taken
  std::size_t taken = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      taken = n;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == name[n])) {
      ++g;
      ++n;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

std::vector<std::string> choose(std::string_view pattern, const Names& names,
                                std::string_view kind) {
  const Filter filter = parse(pattern, names);
  check_names(filter.wanted, names, kind);
  check_names(filter.unwanted, names, kind);
  std::vector<std::string> chosen;
  for (const std::string& name : names)
    if (matches_any_glob(filter.wanted, name) && !matches_any_glob(filter.unwanted, name))
      chosen.push_back(name);
  if (chosen.empty())
    throw UsageError(
        fmt::format("no {0} matches '{1}'; there are: {2}", kind, pattern, fmt::join(names, ", ")));
  return chosen;
}

}  // namespace harness::cli
