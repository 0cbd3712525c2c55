#include "harness/cli/option_table.hpp"

#include <array>

namespace harness::cli {
namespace {

constexpr auto everywhere = Sources::everywhere;
constexpr auto command_line = Sources::command_line;
constexpr const char* what = "What to run";
constexpr const char* how = "How";
constexpr const char* limits =
    "Limits, for each variant (what a scenario asks for stands before these)";
constexpr const char* program = "Programs (harness run)";
constexpr const char* output = "Output";
constexpr const char* other = "Other";

constexpr std::array table{
    OptionSpec{"scenario", "PATTERN", "", what, everywhere, false,
               "scenarios to run: a name, or a pattern with '*' and '?'; ':' between alternatives, "
               "'-' before those to leave out ('*:-double-release')"},
    OptionSpec{"variant", "PATTERN", "*", what, everywhere, false, "variants of them, likewise"},
    OptionSpec{"list", "", "", what, command_line, false,
               "print scenario/variant lines, run nothing; honours --scenario and --variant"},
    OptionSpec{
        "plugin-dir", "DIR", "", what, everywhere, true,
        "load the scenarios (*.so) of this directory; may be given several times. Searched before "
        "HARNESS_PLUGIN_PATH (directories separated by ':') and ../lib/harness beside the "
        "executable. A broken plugin in a directory named by you is an error, one in the default "
        "directory a warning"},
    OptionSpec{
        "mode", "MODE", "explore", how, everywhere, false,
        "explore: the engine tries interleavings; replay: one schedule, implied by --schedule and "
        "--replay; stress: real threads with seeded delays (the default in sanitizer builds)"},
    OptionSpec{"strategy", "NAME", "portfolio", how, everywhere, false,
               "which interleavings come next; an unknown name lists those there are"},
    OptionSpec{
        "data-races", "HOW", "auto", how, everywhere, false,
        "report: the first is a violation; learn: none is, but where they happened accesses become "
        "scheduling points; off: nobody looks; auto: learn where a variant is declared to break "
        "another rule, else report"},
    OptionSpec{
        "plain-accesses", "SET", "racy", how, everywhere, false,
        "which accesses that are not atomic are scheduling points: none, racy (at places seen racing, "
        "or spinning), all"},
    OptionSpec{
        "suppressions", "FILE", "", how, everywhere, false,
        "data races that are not reported, in ThreadSanitizer's format: race:PATTERN lines, matched "
        "against functions, files and objects"},
    OptionSpec{"seed", "N", "1", how, everywhere, false,
               "0 to 18446744073709551615, or 'random' to draw one; printed first"},
    OptionSpec{
        "schedule", "TEXT", "", how, everywhere, false,
        "run this one interleaving of one scenario, such as 'reader@polled reclaimer reader'. A "
        "variant that must violate and stays clean under it is not as expected"},
    OptionSpec{
        "replay", "FILE", "", how, everywhere, false,
        "replay the violations of a report, each in a fresh process, and demand the same rule at "
        "the same step; --scenario and --variant select among them"},
    OptionSpec{"repeat", "N", "1", how, everywhere, false,
               "with --replay or --schedule: that many times"},
    OptionSpec{"break-at", "STEP", "", how, command_line, false,
               "with --replay or --schedule: run up to before that step under gdb, where 'tasks' lists "
               "the tasks and 'task NAME' prints the stack of one"},
    OptionSpec{"print-next", "", "", how, command_line, false,
               "with --break-at: no gdb, but what each task is about to do there"},
    OptionSpec{"explain", "", "", how, everywhere, false,
               "with --mode stress: look for a violation that was seen there under control, until the "
               "same rule fires at the same place; a verdict of its own says how"},
    OptionSpec{"explain-pass", "", "", how, everywhere, false,
               "say what a pass means, and show a few of the executions that were tried"},
    OptionSpec{"keep-going", "", "", how, everywhere, false,
               "go on after the first violation of a variant; the first is reported"},
    OptionSpec{"executions", "N", "1000000", limits, everywhere, false,
               "stop after that many; 0: no limit (in stress mode the default)"},
    OptionSpec{
        "seconds", "S", "20, stress 5", limits, everywhere, false,
        "stop after that time, fractions allowed; 0: no limit. What a run ended by it has counted "
        "differs from run to run"},
    OptionSpec{
        "shrink-seconds", "S", "1", limits, everywhere, false,
        "how long to look for a shorter schedule of a violation, and again for what of it matters. "
        "Counted in steps, two million a second, so that the same seed says the same; the clock "
        "ends it after three times as long. 0: neither"},
    OptionSpec{"threads", "N", "", limits, everywhere, false,
               "with --mode stress: how many threads a workload has, 1 to 256, where its scenario asks "
               "for the number (parallel-serialization and churn do)"},
    OptionSpec{"max-steps", "N", "20000", limits, everywhere, false,
               "scheduling points of one execution; one that needs more is cut off"},
    OptionSpec{"preemptions", "N", "2", limits, everywhere, false,
               "dfs, dpor, delay, preemptions, and portfolio where the tree of interleavings is large: at most that "
               "many in an execution, or 'none' for no bound"},
    OptionSpec{"depth", "N", "", limits, everywhere, false,
               "pct: how many orderings a bug needs, 1 to 100; else 1 to 5 in turn"},
    OptionSpec{"shard", "I/N", "", limits, everywhere, false,
               "part I of N of the search, from 1, for a machine of its own; together the parts are the "
               "whole. A part may only say that it was clean, not that all is"},
    OptionSpec{"leaks", "", "", how, everywhere, false,
               "blocks of the heap that an execution leaves behind, with nothing pointing to them, are "
               "violations (leak)"},
    OptionSpec{"spurious-wakeups", "", "", how, everywhere, false,
               "a wait on a condition or futex may also end by itself, once in each task: finds "
               "waits that are not in a loop"},
    OptionSpec{"expect-status", "N", "0", program, everywhere, false,
               "the exit status that is no violation, 0 to 255"},
    OptionSpec{"expect", "RULE", "pass", program, everywhere, false,
               "the rule that the program must violate, such as deadlock; for a known defect"},
    OptionSpec{
        "isolation", "HOW", "auto", program, everywhere, false,
        "restore: one process for many executions, its memory, files and directory put back after "
        "each; fork: a process for each; auto: restore, unless the program changes what cannot be "
        "put back"},
    OptionSpec{
        "json", "FILE", "", output, everywhere, false,
        "write one document with all verdicts there; '-' is standard output, and text for people "
        "then goes to standard error"},
    OptionSpec{"junit", "FILE", "", output, everywhere, false,
               "write all verdicts as JUnit XML too: a suite per scenario, a case per variant; '-' as "
               "with --json"},
    OptionSpec{"sarif", "FILE", "", output, everywhere, false,
               "write the violations as SARIF 2.1.0 too, for code review tools; '-' as with --json"},
    OptionSpec{
        "report-dir", "DIR", "reports", output, everywhere, false,
        "without --json: write <scenario>.json there for each scenario (<scenario>.replay.json "
        "with --replay); made if needed"},
    OptionSpec{
        "corpus", "DIR", "reports/corpus", output, everywhere, false,
        "keep failing schedules there, and replay them before a variant is searched; 'none': no "
        "corpus (the default with --json). 'harness corpus list' and 'harness corpus prune' (which "
        "removes stale ones) take --corpus too"},
    OptionSpec{"color", "WHEN", "auto", output, everywhere, false,
               "auto, always or never; auto honours NO_COLOR"},
    OptionSpec{"quiet", "", "", output, everywhere, false, "print the closing line only"},
    OptionSpec{"verbose", "", "", output, everywhere, false, "print every step of an interleaving"},
    OptionSpec{"stacks", "", "", output, everywhere, false,
               "print the stack of every step that is shown, with the source text where it is found"},
    OptionSpec{"config", "FILE", "", other, Sources::no_file, false,
               "options from an ini file: 'name = value' lines, '#' before remarks"},
    OptionSpec{"help", "", "", other, command_line, false, "this text"},
    OptionSpec{"version", "", "", other, command_line, false, "version and kind of build"},
};

}  // namespace

std::span<const OptionSpec> option_table() { return table; }

const OptionSpec* find_option(std::string_view name) {
  for (const OptionSpec& spec : table)
    if (name == spec.name) return &spec;
  return nullptr;
}

std::vector<std::string> option_names(Sources sources) {
  std::vector<std::string> names;
  for (const OptionSpec& spec : table)
    if (spec.sources >= sources) names.emplace_back(spec.name);
  return names;
}

std::string variable_of(std::string_view option) {
  std::string name = "HARNESS_";
  for (const char c : option)
    name += c == '-' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

}  // namespace harness::cli
