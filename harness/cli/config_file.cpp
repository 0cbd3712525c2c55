#include "harness/cli/config_file.hpp"

#include <fmt/format.h>

#include <set>

#include "harness/cli/files.hpp"
#include "harness/cli/option_table.hpp"
#include "harness/cli/unknown_name.hpp"
#include "harness/engine/errors.hpp"

namespace harness::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\v\f";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

// A value may stand in quotes, so that it can begin or end in a space.
std::string_view unquoted(std::string_view value) {
  const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                      value.front() == value.back();
  return quoted ? value.substr(1, value.size() - 2) : value;
}

Setting parse_line(std::string_view line, const std::string& where) {
  if (line.front() == '[')
    throw UsageError(where + ": sections are not used here; write 'name = value' lines only");
  const auto equals = line.find('=');
  if (equals == std::string_view::npos)
    throw UsageError(fmt::format("{}: 'name = value' is wanted, found '{}'", where, line));
  std::string name(trimmed(line.substr(0, equals)));
  if (name.starts_with("--")) name.erase(0, 2);
  const OptionSpec* spec = find_option(name);
  if (!spec)
    throw UsageError(where + ": " +
                     unknown_briefly("option", name, option_names(Sources::everywhere)));
  if (spec->sources != Sources::everywhere)
    throw UsageError(fmt::format("{}: '{}' belongs on the command line", where, name));
  const std::string value(unquoted(trimmed(line.substr(equals + 1))));
  return {name, value, where + ": " + name};
}

}  // namespace

std::vector<Setting> parse_config(std::string_view text, std::string_view file) {
  std::vector<Setting> settings;
  std::set<std::string> seen;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    const std::string where = fmt::format("{}:{}", file, number);
    Setting setting = parse_line(line, where);
    if (!seen.insert(setting.name).second && !find_option(setting.name)->repeatable)
      throw UsageError(fmt::format("{}: '{}' was given above already", where, setting.name));
    settings.push_back(std::move(setting));
  }
  return settings;
}

std::vector<Setting> read_config(const std::string& path) {
  return parse_config(read_file(path, "--config"), path);
}

}  // namespace harness::cli
