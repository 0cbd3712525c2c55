// The settings of the command line and of the environment, by Boost.Program_options; what it throws
// is said again in our words, with what to write instead.
#include <fmt/format.h>

#include <boost/program_options.hpp>

#include "harness/cli/option_table.hpp"
#include "harness/cli/options.hpp"
#include "harness/cli/unknown_name.hpp"
#include "harness/engine/errors.hpp"

namespace harness::cli {
namespace {

namespace po = boost::program_options;

po::options_description description() {
  po::options_description all;
  for (const OptionSpec& spec : option_table()) {
    auto* value = po::value<std::vector<std::string>>()->composing();
    if (*spec.argument == '\0') value->implicit_value({"true"}, "true")->zero_tokens();
    all.add_options()(spec.name, value, spec.help);
  }
  return all;
}

[[noreturn]] void refuse_word(const std::string& word) {
  throw UsageError(fmt::format(
      "'{0}' is no option; options begin with '--', scenarios are chosen with --scenario '{0}', and "
      "a program is run with harness run -- {0}",
      word));
}

std::string without_dashes(std::string name) {
  name.erase(0, name.find_first_not_of('-') == std::string::npos ? 0 : name.find_first_not_of('-'));
  return name.substr(0, name.find('='));
}

po::parsed_options parse(const std::vector<std::string>& arguments) {
  static const po::options_description all = description();
  namespace style = po::command_line_style;
  try {
    return po::command_line_parser(arguments)
        .options(all)
        .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
        .run();
  } catch (const po::unknown_option& error) {
    throw UsageError(unknown_briefly("option", "--" + without_dashes(error.get_option_name()), [] {
      auto names = option_names(Sources::command_line);
      for (std::string& name : names) name.insert(0, "--");
      return names;
    }()));
  } catch (const po::error_with_option_name& error) {
    const std::string name = without_dashes(error.get_option_name());
    const OptionSpec* spec = find_option(name);
    if (spec && *spec->argument == '\0') throw UsageError(fmt::format("--{} takes no value", name));
    throw UsageError(
        fmt::format("--{0} needs a value: --{0} {1}", name, spec ? spec->argument : ""));
  } catch (const po::error& error) {
    throw UsageError(fmt::format("the command line: {}", error.what()));
  }
}

}  // namespace

std::vector<Setting> from_command_line(const std::vector<std::string>& arguments) {
  std::vector<std::string> spelled = arguments;
  for (std::string& argument : spelled)
    if (argument == "-h") argument = "--help";
  std::vector<Setting> settings;
  for (const po::option& option : parse(spelled).options) {
    if (option.position_key >= 0 || option.string_key.empty())
      refuse_word(option.value.empty() ? "" : option.value.front());
    const std::string& name = option.string_key;
    for (const Setting& earlier : settings)
      if (earlier.name == name && !find_option(name)->repeatable)
        throw UsageError(fmt::format("--{} is given twice; it takes one value", name));
    settings.push_back({name, option.value.empty() ? "true" : option.value.front(), "--" + name});
  }
  return settings;
}

std::vector<Setting> from_environment(const std::vector<std::string>& environment,
                                      std::vector<std::string>& warnings) {
  std::vector<std::string> known{"HARNESS_PLUGIN_PATH"};
  for (const std::string& name : option_names(Sources::no_file)) known.push_back(variable_of(name));
  std::vector<Setting> settings;
  for (const std::string& entry : environment) {
    const auto equals = entry.find('=');
    const std::string variable = entry.substr(0, equals);
    if (!variable.starts_with("HARNESS_") || equals == std::string::npos) continue;
    if (variable == "HARNESS_PLUGIN_PATH") {
      settings.push_back({"plugin-path", entry.substr(equals + 1), variable});
      continue;
    }
    const OptionSpec* found = nullptr;
    for (const OptionSpec& spec : option_table())
      if (spec.sources >= Sources::no_file && variable_of(spec.name) == variable) found = &spec;
    if (found)
      settings.push_back({found->name, entry.substr(equals + 1), variable});
    else
      warnings.push_back(unknown_briefly("variable", variable, known) + " It is ignored.");
  }
  return settings;
}

}  // namespace harness::cli
