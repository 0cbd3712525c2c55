#include "harness/cli/options.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "harness/cli/files.hpp"
#include "harness/cli/numbers.hpp"
#include "harness/cli/option_table.hpp"
#include "harness/engine/errors.hpp"
#include "harness/engine/nearest.hpp"
#include "harness/oracles/make.hpp"

namespace harness::cli {
namespace {

constexpr std::uint64_t most_executions = 1'000'000'000'000'000;
constexpr std::uint64_t most_steps = 10'000'000;
constexpr std::uint64_t most_parts = 1'000'000;
constexpr double longest_seconds = 30.0 * 24 * 3600;
constexpr double longest_shrink_seconds = 3600;

// All settings of all sources; the first one of a name counts.
class Settings {
 public:
  void add(std::vector<Setting> later) {
    for (Setting& setting : later) {
      const bool taken = has_earlier(setting.name);
      if (!taken) all_.push_back(std::move(setting));
    }
    sealed_ = all_.size();
  }
  const Setting* find(std::string_view name) const {
    for (const Setting& setting : all_)
      if (setting.name == name) return &setting;
    return nullptr;
  }
  std::vector<std::string> values(std::string_view name) const {
    std::vector<std::string> values;
    for (const Setting& setting : all_)
      if (setting.name == name) values.push_back(setting.value);
    return values;
  }

 private:
  bool has_earlier(std::string_view name) const {
    return std::any_of(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(sealed_),
                       [&](const Setting& setting) { return setting.name == name; });
  }

  std::vector<Setting> all_;
  std::size_t sealed_ = 0;  // those of sources that stand before the one that is being added
};

std::optional<std::string> text(const Settings& settings, std::string_view name) {
  const Setting* setting = settings.find(name);
  if (!setting) return {};
  if (setting->value.empty()) throw UsageError(setting->origin + " is empty");
  return setting->value;
}

std::optional<std::uint64_t> number(const Settings& settings, std::string_view name,
                                    std::uint64_t low, std::uint64_t high) {
  const Setting* setting = settings.find(name);
  if (!setting) return {};
  return whole_number(setting->value, setting->origin, low, high);
}

bool flag(const Settings& settings, std::string_view name) {
  const Setting* setting = settings.find(name);
  return setting && truth(setting->value, setting->origin);
}

std::size_t one_of(const Setting& setting, const std::vector<std::string>& known) {
  const auto found = std::find(known.begin(), known.end(), setting.value);
  if (found == known.end())
    throw UsageError(setting.origin + ": " + unknown("value", setting.value, known));
  return static_cast<std::size_t>(found - known.begin());
}

std::optional<std::string> word(const Settings& settings, std::string_view name,
                                const std::vector<std::string>& known) {
  const Setting* setting = settings.find(name);
  if (!setting) return {};
  return known[one_of(*setting, known)];
}

std::uint64_t drawn_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
    throw UsageError("--seed random: the system gives no random number; write a number instead");
  return seed;
}

std::uint64_t seed_of(const Settings& settings) {
  const Setting* setting = settings.find("seed");
  if (!setting) return 1;
  if (setting->value == "random") return drawn_seed();
  return whole_number(setting->value, setting->origin, 0,
                      std::numeric_limits<std::uint64_t>::max());
}

std::optional<int> preemptions_of(const Settings& settings) {
  const Setting* setting = settings.find("preemptions");
  if (!setting) return {};
  if (setting->value == "none") return -1;
  return static_cast<int>(whole_number(setting->value, setting->origin, 0, 1'000'000));
}

// "2/8" is the second of eight parts.
void read_shard(const Settings& settings, CommandLine& line) {
  const Setting* setting = settings.find("shard");
  if (!setting) return;
  const std::size_t slash = setting->value.find('/');
  if (slash == std::string::npos)
    throw UsageError(setting->origin + " '" + setting->value +
                     "': give a part and how many there are, such as 2/8");
  line.parts = whole_number(setting->value.substr(slash + 1), setting->origin, 1, most_parts);
  line.part = whole_number(setting->value.substr(0, slash), setting->origin, 1, line.parts) - 1;
}

[[noreturn]] void no_engine(const std::string& asked) {
  throw UsageError(asked +
                   " needs the engine, which a sanitizer build has not; use --mode stress here, or "
                   "the ordinary build (preset release)");
}

Mode mode_of(const Settings& settings, const CommandLine& line, bool engine) {
  const bool one_schedule = line.schedule || line.replay;
  const Setting* setting = settings.find("mode");
  if (!setting) {
    if (one_schedule) return Mode::replay;
    return engine ? Mode::explore : Mode::stress;
  }
  const auto mode = std::array{Mode::explore, Mode::replay,
                               Mode::stress}[one_of(*setting, {"explore", "replay", "stress"})];
  const bool on_command_line = setting->origin.starts_with("--");
  if (mode == Mode::explore && one_schedule && !on_command_line) return Mode::replay;
  if (mode == Mode::explore && !engine) no_engine(setting->origin + " explore");
  if (mode == Mode::explore && one_schedule)
    throw UsageError(setting->origin + " explore contradicts " +
                     (line.schedule ? "--schedule" : "--replay") + ", which runs one interleaving");
  if (mode == Mode::replay && !one_schedule)
    throw UsageError(setting->origin + " replay needs --schedule TEXT or --replay FILE");
  if (mode == Mode::stress && line.replay)
    throw UsageError(setting->origin + " stress contradicts --replay, which needs the engine");
  return mode;
}

void check_replay(const Settings& settings, const CommandLine& line) {
  if (line.schedule && line.replay)
    throw UsageError("--schedule and --replay contradict each other; give one of them");
  if (!line.schedule && !line.replay) {
    if (const Setting* repeat = settings.find("repeat"))
      throw UsageError(repeat->origin + " goes with --replay FILE or --schedule TEXT only");
    return;
  }
  for (const char* name :
       {"strategy", "preemptions", "depth", "shard", "executions", "keep-going"})
    if (const Setting* setting = settings.find(name); setting && setting->origin.starts_with("--"))
      throw UsageError(fmt::format("{} has no meaning with {}, which runs one given interleaving",
                                   setting->origin, line.replay ? "--replay" : "--schedule"));
  if (!line.replay) return;
  for (const char* name : {"seed", "max-steps", "spurious-wakeups", "leaks"})
    if (const Setting* setting = settings.find(name); setting && setting->origin.starts_with("--"))
      throw UsageError(
          fmt::format("{} has no meaning with --replay: the report says it", setting->origin));
}

void check_explain(const Settings& settings, const CommandLine& line, bool engine) {
  if (line.explain) {
    const std::string& origin = settings.find("explain")->origin;
    if (line.mode != Mode::stress)
      throw UsageError(origin + " goes with --mode stress; elsewhere violations are explained anyway");
    if (!engine) no_engine(origin);
  }
  if (!line.explain_pass) return;
  const std::string& origin = settings.find("explain-pass")->origin;
  if (line.mode != Mode::explore)
    throw UsageError(origin + " goes with --mode explore: it shows what a search has tried");
}

void check_break_at(const Settings& settings, const CommandLine& line) {
  if (line.print_next && !line.break_at)
    throw UsageError("--print-next goes with --break-at STEP only");
  if (!line.break_at) return;
  const std::string& origin = settings.find("break-at")->origin;
  if (line.mode != Mode::replay)
    throw UsageError(origin + " goes with --replay FILE or --schedule TEXT only, without stress");
  if (line.repeat > 1) throw UsageError(origin + " and --repeat contradict each other");
}

void check_stress(const Settings& settings, const CommandLine& line) {
  if (line.mode != Mode::stress) {
    if (const Setting* threads = settings.find("threads"); threads && threads->origin.starts_with("--"))
      throw UsageError(threads->origin + " goes with --mode stress: what is explored must be small");
    return;
  }
  for (const char* name : {"strategy", "preemptions", "depth", "shard", "max-steps", "keep-going", "spurious-wakeups",
                           "leaks", "data-races", "plain-accesses"})
    if (const Setting* setting = settings.find(name); setting && setting->origin.starts_with("--"))
      throw UsageError(setting->origin +
                       " has no meaning in stress mode: the system decides the order");
}

void read_output(const Settings& settings, CommandLine& line) {
  line.json = text(settings, "json");
  line.junit = text(settings, "junit");
  line.sarif = text(settings, "sarif");
  line.report_dir = text(settings, "report-dir").value_or("reports");
  line.corpus = text(settings, "corpus");
  if (const Setting* color = settings.find("color"))
    line.color = std::array{Color::automatic, Color::always,
                            Color::never}[one_of(*color, {"auto", "always", "never"})];
  line.quiet = flag(settings, "quiet");
  line.verbose = flag(settings, "verbose");
  line.stacks = flag(settings, "stacks");
  if (!line.quiet || !line.verbose) return;
  const bool quiet_here = settings.find("quiet")->origin.starts_with("--");
  const bool verbose_here = settings.find("verbose")->origin.starts_with("--");
  if (quiet_here == verbose_here) throw UsageError("quiet and verbose contradict each other");
  line.quiet = quiet_here;
  line.verbose = verbose_here;
}

void read_search(const Settings& settings, CommandLine& line) {
  line.strategy = text(settings, "strategy");
  line.seed = seed_of(settings);
  line.keep_going = flag(settings, "keep-going");
  line.leaks = flag(settings, "leaks");
  line.spurious_wakeups = flag(settings, "spurious-wakeups");
  line.executions = number(settings, "executions", 0, most_executions);
  line.threads = number(settings, "threads", 1, 256);
  line.max_steps = number(settings, "max-steps", 1, most_steps);
  line.preemptions = preemptions_of(settings);
  line.data_races = word(settings, "data-races", {"auto", "learn", "off", "report"});
  if (const auto file = text(settings, "suppressions"))
    line.suppressions = read_file(*file, "--suppressions");
  line.plain_accesses = word(settings, "plain-accesses", {"all", "none", "racy"});
  if (const Setting* seconds = settings.find("shrink-seconds"))
    line.shrink_seconds = seconds_number(seconds->value, seconds->origin, longest_shrink_seconds);
  line.depth = static_cast<int>(number(settings, "depth", 1, 100).value_or(0));
  read_shard(settings, line);
  line.strict_preemptions = settings.find("strategy") && settings.find("preemptions") &&
                            settings.find("preemptions")->origin == "--preemptions";
  if (const Setting* seconds = settings.find("seconds"))
    line.seconds = seconds_number(seconds->value, seconds->origin, longest_seconds);
}

// `harness run`, and what has a meaning with it only, or without it only.
void read_program(const Settings& settings, CommandLine& line, bool engine) {
  for (const char* name : {"expect", "expect-status", "isolation"})
    if (const Setting* setting = settings.find(name); setting && !line.runs_program &&
                                                      setting->origin.starts_with("--"))
      throw UsageError(fmt::format(
          "{} is about a program: harness run {} VALUE -- PROGRAM [ARGUMENT...]", setting->origin,
          setting->origin));
  if (!line.runs_program) return;
  if (!engine) no_engine("harness run");
  for (const char* name : {"scenario", "variant", "list", "plugin-dir", "threads"})
    if (const Setting* setting = settings.find(name); setting && setting->origin.starts_with("--"))
      throw UsageError(setting->origin + " is about scenarios, and `harness run` runs a program");
  line.scenario.reset();
  line.variant = "*";
  if (const Setting* setting = settings.find("isolation")) {
    one_of(*setting, {"auto", "restore", "fork"});
    line.isolation = setting->value;
  }
  line.expected_status = static_cast<int>(number(settings, "expect-status", 0, 255).value_or(0));
  if (const auto rule = text(settings, "expect")) line.expected = *rule;
  std::vector<std::string> rules = rule_names();
  rules.push_back("pass");
  if (std::find(rules.begin(), rules.end(), line.expected) == rules.end())
    throw UsageError(settings.find("expect")->origin + ": " + unknown("rule", line.expected, rules));
}

void check_program(const CommandLine& line) {
  if (!line.runs_program) return;
  if (line.mode == Mode::stress)
    throw UsageError("--mode stress has no meaning with `harness run`: start the program itself");
  if (line.program.empty() && !line.replay)
    throw UsageError("no program is named; write harness run [options] -- PROGRAM [ARGUMENT...]");
}

void read_selection(const Settings& settings, CommandLine& line) {
  line.help = flag(settings, "help");
  line.version = flag(settings, "version");
  line.list = flag(settings, "list");
  line.scenario = text(settings, "scenario");
  line.variant = text(settings, "variant").value_or("*");
  line.plugin_dirs = settings.values("plugin-dir");
  for (const std::string& dir : line.plugin_dirs)
    if (dir.empty()) throw UsageError("--plugin-dir is empty");
  if (const Setting* path = settings.find("plugin-path")) line.plugin_path = path->value;
}

// What stands before the program's own words, which are put into `line`.
std::vector<std::string> own_arguments(const std::vector<std::string>& arguments,
                                       CommandLine& line) {
  line.runs_program = !arguments.empty() && arguments.front() == "run";
  if (!line.runs_program) return arguments;
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  if (end != arguments.end()) line.program.assign(end + 1, arguments.end());
  return {arguments.begin() + 1, end};
}

}  // namespace

CommandLine read_options(const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment, bool engine) {
  CommandLine line;
  Settings settings;
  settings.add(from_command_line(own_arguments(arguments, line)));
  settings.add(from_environment(environment, line.warnings));
  if (const auto config = text(settings, "config")) settings.add(read_config(*config));
  read_selection(settings, line);
  if (line.help || line.version) return line;
  read_program(settings, line, engine);
  read_output(settings, line);
  read_search(settings, line);
  line.schedule = text(settings, "schedule");
  line.replay = text(settings, "replay");
  line.repeat = number(settings, "repeat", 1, 1'000'000'000).value_or(1);
  line.break_at = number(settings, "break-at", 1, most_steps);
  line.print_next = flag(settings, "print-next");
  line.explain = flag(settings, "explain");
  line.explain_pass = flag(settings, "explain-pass");
  line.mode = mode_of(settings, line, engine);
  check_replay(settings, line);
  check_stress(settings, line);
  check_program(line);
  check_break_at(settings, line);
  check_explain(settings, line, engine);
  return line;
}

}  // namespace harness::cli
