// The console form of a verdict: outcome line, message, interleaving, guilty stacks, region,
// command. An expected violation is shown like any other, because seeing it is what the tool is
// used for.
#include "reports/console.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/explaining.hpp"
#include "reports/interleaving.hpp"
#include "reports/paint.hpp"
#include "reports/source.hpp"
#include "reports/text.hpp"

namespace reports {
namespace {

constexpr std::size_t most_frames = 12;
constexpr std::size_t most_sanitizer_lines = 30;
constexpr std::size_t most_output_lines = 20;
const std::string indent(6, ' ');

std::size_t width_of(const ConsoleOptions& options) {
  return static_cast<std::size_t>(std::max(options.width, 60));
}

// Paragraph with a hanging indent: `first` stands before the first line, in place of the indent.
std::string paragraph(const std::string& first, const std::string& text,
                      const ConsoleOptions& options) {
  const std::size_t used = display_width(first) - std::min(display_width(first), indent.size());
  std::string out;
  for (const std::string& line : wrapped(text, width_of(options) - indent.size(), used)) {
    out += (out.empty() ? first : indent) + line + "\n";
  }
  return out;
}

std::string bounds_text(const Bounds& bounds) {
  std::string text = bounds.memory_model;
  if (bounds.preemptions >= 0) {
    text += fmt::format(", at most {}",
                        counted(static_cast<std::uint64_t>(bounds.preemptions), "preemption"));
  }
  return text;
}

// How much is left that was not seen, after Good and Turing as in STADS (Boehme, TOSEM 2018): the next
// execution shows something new about as often as one of those before showed what no other did.
std::string unseen_text(const Verdict& verdict) {
  constexpr std::uint64_t most_counted = 1'000'000;  // the tool gives up counting beyond
  if (verdict.orders == 0 || verdict.executions == 0) return "";
  if (verdict.orders > most_counted) return fmt::format("; more than {} distinct orders", grouped(most_counted));
  std::string text = fmt::format("; {}", counted(verdict.orders, "distinct order"));
  if (verdict.executions < 100 || verdict.orders_once >= verdict.executions) return text;
  const double chance = static_cast<double>(verdict.orders_once + 1) / static_cast<double>(verdict.executions);
  double unit = 1;
  while (unit > chance) unit /= 10;
  const double rounded = std::ceil(chance / unit - 1e-9) * unit;
  return text + fmt::format(", the next one is new with probability below {:.6g}", rounded);
}

// With what probability pct has missed a bug of a depth at most: 1 - 1/(n k^(depth-1)) to the power of the
// executions that looked for it (n tasks, k choices). Says so for the depths of which that says something.
std::string missed_text(const Verdict& verdict) {
  const auto counter = [&](const char* name) {
    const auto found = verdict.counters.find(name);
    return found == verdict.counters.end() ? 0.0 : static_cast<double>(found->second);
  };
  const double tasks = counter("pct-tasks"), choices = counter("pct-choices");
  const int only = static_cast<int>(counter("pct-depth"));  // 0: 1 to 5 in turn
  if (verdict.strategy != "pct" || tasks == 0) return "";
  const double executions = static_cast<double>(verdict.executions) / (only == 0 ? 5 : 1);
  std::string text;
  for (int depth = only == 0 ? 1 : only; depth <= (only == 0 ? 5 : only); ++depth) {
    const double found = 1 / (tasks * std::pow(std::max(choices, 1.0), depth - 1));
    const double missed = std::exp(executions * std::log1p(-std::min(found, 1 - 1e-9)));
    if (missed > 0.5) break;
    text += fmt::format("{} depth {} with probability below {:.1g}", text.empty() ? " a bug of" : ", of", depth,
                        std::max(missed, 1e-9) * 1.05);
  }
  if (text.empty()) text = " more often than not what it could find: give it more executions";
  return fmt::format("; of {} tasks and {} choices pct misses{}", tasks, choices, text);
}

std::string effort_text(const Verdict& verdict) {
  std::string text = counted(verdict.executions, "execution");
  if (verdict.mode == "stress") return text + " on real threads";
  if (verdict.mode == "replay") return text + " replayed";
  if (verdict.exhaustive) return text + ", exhaustive (" + bounds_text(verdict.bounds) + ")";
  return text + ", not exhaustive" + unseen_text(verdict) + missed_text(verdict);
}

std::string found_text(const Verdict& verdict) {
  if (verdict.executions <= 1) return "in the first execution";
  return fmt::format("after {}", counted(verdict.executions, "execution"));
}

std::string outcome_text(const Verdict& verdict) {
  const std::string otherwise =
      verdict.as_expected ? "" : fmt::format(" (expected {})", verdict.expected);
  if (verdict.outcome == "pass") return fmt::format("pass{}: {}", otherwise, effort_text(verdict));
  if (verdict.outcome == "violation" && verdict.violation) {
    return fmt::format("violation{}: {}{}, {}", verdict.as_expected ? " as expected" : "",
                       verdict.violation->rule, otherwise, found_text(verdict));
  }
  const std::string reason = verdict.reason.empty() ? "no reason given" : verdict.reason;
  return fmt::format("{}{}: {}; {}", verdict.outcome, otherwise, reason, effort_text(verdict));
}

std::string source_text(const Frame& frame, const ConsoleOptions& options) {
  const std::string source = printable(source_line(frame), options.unicode);
  if (source.empty()) return {};
  return std::string(14, ' ') + cut(source, width_of(options) - 14, options.unicode) + "\n";
}

}  // namespace

std::string stack_text(const std::vector<Frame>& stack, const ConsoleOptions& options) {
  const std::size_t most = options.verbose ? stack.size() : std::min(stack.size(), most_frames);
  std::size_t widest = 0;
  const std::size_t limit = width_of(options) / 2 - 10;
  const auto name = [&](const Frame& frame) {
    std::string known = frame.function.empty() ? "(unknown function)" : frame.function;
    if (display_width(known) > limit) known = short_name(known);
    return cut(printable(known, options.unicode), limit, options.unicode);
  };
  for (std::size_t i = 0; i < most; ++i) widest = std::max(widest, display_width(name(stack[i])));
  std::string out;
  for (std::size_t i = 0; i < most; ++i) {
    const Frame& frame = stack[i];
    std::string place = frame.file.empty() ? frame.module : frame.file;
    if (!frame.file.empty() && frame.line > 0) place += fmt::format(":{}", frame.line);
    const std::size_t room = width_of(options) - 10 - widest - 2;
    place = cut_front(printable(place, options.unicode), room, options.unicode);
    std::string line = std::string(10, ' ') + padded(name(frame), widest + 2) + place;
    out += line.erase(line.find_last_not_of(' ') + 1) + "\n";
    if (options.sources && (i == 0 || options.stacks)) out += source_text(frame, options);
  }
  if (most < stack.size()) {
    out += fmt::format("{:10}{} {}\n", "", options.unicode ? "…" : "...",
                       counted(stack.size() - most, "more frame"));
  }
  return out;
}

namespace {

std::string accesses_text(const Violation& violation, const ConsoleOptions& options) {
  const Paint paint(options.color);
  std::string out;
  for (const Access& access : violation.accesses) {
    const std::string head = printable(
        fmt::format("step {}: {} {}", access.step, access.task, access.what), options.unicode);
    const std::string text = paragraph("   >> ", head, options);
    out += paint.red(text.substr(0, text.size() - 1)) + "\n" + stack_text(access.stack, options);
  }
  return out;
}

// The stack of the unmapping is left out where it stands above already, as that of a guilty access.
std::string region_text(const Violation& violation, const ConsoleOptions& options) {
  const Region& region = *violation.region;
  const bool shown =
      std::any_of(violation.accesses.begin(), violation.accesses.end(), [&](const Access& access) {
        return access.step == region.unmapped_at && access.stack == region.unmapped_stack;
      });
  std::string head = fmt::format("{} ({}): mapped by {} at step {}", region.name,
                                 bytes_text(region.bytes), region.mapped_by, region.mapped_at);
  if (!region.unmapped_by.empty()) {
    head += fmt::format(", {} by {} at step {}", region.ended.empty() ? "unmapped" : region.ended,
                        region.unmapped_by, region.unmapped_at);
  }
  std::string out = paragraph(indent, printable(head, options.unicode), options);
  if (!region.mapped_stack.empty()) {
    out += std::string(8, ' ') + "mapped in\n" + stack_text(region.mapped_stack, options);
  }
  if (!shown && !region.unmapped_stack.empty()) {
    out += fmt::format("{:8}{} in\n", "", region.ended.empty() ? "unmapped" : region.ended) +
           stack_text(region.unmapped_stack, options);
  }
  return out;
}

// Text of somebody else, line by line; the first `most` of them, or all where the user wants all.
std::string text_lines(const std::string& text, std::size_t most, const ConsoleOptions& options) {
  std::string out;
  std::size_t lines = 0;
  std::size_t left_out = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (!options.verbose && lines >= most) {
      ++left_out;
      continue;
    }
    ++lines;
    out += std::string(8, ' ') + printable(line, options.unicode) + "\n";
  }
  if (left_out > 0) out += fmt::format("{:8}... {}\n", "", counted(left_out, "more line"));
  return out;
}

std::string sanitizer_text(const std::string& text, const ConsoleOptions& options) {
  return indent + "the sanitizer says\n" + text_lines(text, most_sanitizer_lines, options);
}

// Of the steps that the table shows.
std::string stacks_text(const Verdict& verdict, const ConsoleOptions& options) {
  std::string out;
  for (const std::size_t index : shown_whole(verdict, options)) {
    const Step& step = verdict.trace[index];
    if (step.stack.empty()) continue;
    const std::string head = fmt::format("step {}: {} {}", step.number, step.task, cell_text(step));
    out += paragraph(indent, printable(head, options.unicode), options) +
           stack_text(step.stack, options);
  }
  return out;
}

std::string violation_text(const Verdict& verdict, const ConsoleOptions& options) {
  const Violation& violation = *verdict.violation;
  std::string out = paragraph(indent, printable(violation.message, options.unicode), options);
  const auto section = [&](const std::string& text) {
    if (!text.empty()) out += "\n" + text;
  };
  section(lay_out(fold(verdict, options), options));
  if (options.stacks) section(stacks_text(verdict, options));
  section(accesses_text(violation, options));
  if (violation.region) section(region_text(violation, options));
  if (verdict.explanation) section(explanation_text(verdict, options));
  if (!violation.sanitizer.empty()) section(sanitizer_text(violation.sanitizer, options));
  return out;
}

std::string warnings_text(const Verdict& verdict, const ConsoleOptions& options) {
  std::string out;
  for (const Warning& warning : verdict.warnings) {
    const std::string text = fmt::format("{}: {}", warning.rule, warning.message);
    out += paragraph(indent + "warning: ", printable(text, options.unicode), options);
    for (const Access& access : warning.accesses) {
      const std::string place = place_text(access.stack);
      const std::string line = fmt::format("{} {}{}", access.task, access.what, place.empty() ? "" : " (" + place + ")");
      out += paragraph(indent + "  ", printable(line, options.unicode), options);
      if (options.stacks) out += stack_text(access.stack, options);
    }
  }
  return out;
}

std::string output_text(const Verdict& verdict, const ConsoleOptions& options) {
  std::string out = "\n" + indent + "the program printed\n";
  return out + text_lines(verdict.output, most_output_lines, options);
}

// What stands behind a pass, and what does not.
std::string meaning_text(const Verdict& verdict, const ConsoleOptions& options) {
  std::string text = fmt::format(
      "what this pass means: strategy {} ran {} ({} distinct, the longest of {}) under {}. ",
      verdict.strategy, counted(verdict.executions, "execution"), grouped(verdict.distinct),
      counted(verdict.steps, "step"), bounds_text(verdict.bounds));
  text += verdict.exhaustive
              ? "These are all there are within these bounds: no order of the scheduling points "
                "breaks a rule there."
              : "These are not all there are: none of them broke a rule, and what was not tried may.";
  text += verdict.uncontrolled.empty() ? " Nothing was seen that is not controlled."
                                       : " What is not controlled may differ from run to run.";
  return paragraph(indent, printable(text, options.unicode), options);
}

std::string examples_text(const Verdict& verdict, const ConsoleOptions& options) {
  std::string out;
  for (const Example& example : verdict.examples) {
    Verdict shown;
    shown.tasks = example.tasks;
    shown.trace = example.trace;
    out += "\n" + paragraph(indent, "for example " + printable(example.schedule, options.unicode),
                            options) +
           lay_out(fold(shown, options), options);
  }
  return out;
}

std::string counters_text(const Verdict& verdict, const ConsoleOptions& options) {
  std::string text;
  for (const auto& [name, number] : verdict.counters) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, grouped(number));
  }
  return paragraph(indent, printable(text, options.unicode), options);
}

}  // namespace

std::string to_line(const Verdict& verdict, const ConsoleOptions& options) {
  const Paint paint(options.color);
  const std::string mark = verdict.as_expected ? "ok    " : "FAIL  ";
  const std::string name =
      printable(fmt::format("{}/{}  ", verdict.scenario, verdict.variant), options.unicode);
  const std::string text =
      paragraph(mark + name, printable(outcome_text(verdict), options.unicode), options);
  const std::string painted = verdict.as_expected ? paint.green(mark) : paint.red(mark);
  return painted + text.substr(mark.size());
}

std::string to_text(const Verdict& verdict, const ConsoleOptions& options) {
  std::string out = to_line(verdict, options);
  if (verdict.violation) {
    out += violation_text(verdict, options);
  } else if (!verdict.trace.empty() && (options.verbose || !verdict.as_expected)) {
    out += "\n" + lay_out(fold(verdict, options), options) + "\n";
  }
  if (!verdict.output.empty()) out += output_text(verdict, options);
  const bool says_more = options.verbose || !verdict.examples.empty();
  if (verdict.outcome == "pass" && verdict.mode == "explore" && says_more)
    out += meaning_text(verdict, options) + examples_text(verdict, options);
  if (!verdict.counters.empty()) out += counters_text(verdict, options);
  out += warnings_text(verdict, options);
  for (const std::string& name : verdict.uncontrolled) {
    out += paragraph(indent, "not controlled: " + printable(name, options.unicode), options);
  }
  if (verdict.reproduce.empty() || (verdict.as_expected && !verdict.violation)) return out;
  // Never broken: it is there to be copied.
  const std::string gap = verdict.violation ? "\n" : "";
  return out + gap + indent + "reproduce: " + printable(verdict.reproduce, true) + "\n";
}

std::string summary(const Report& report, const ConsoleOptions& options) {
  const Paint paint(options.color);
  std::string odd;
  std::size_t count = 0;
  for (const Verdict& verdict : report.verdicts) {
    if (verdict.as_expected) continue;
    ++count;
    odd += fmt::format("{}{}/{}", odd.empty() ? "" : ", ", verdict.scenario, verdict.variant);
  }
  const std::string total = counted(report.verdicts.size(), "verdict");
  if (count == 0) {
    const bool several = report.verdicts.size() > 1;
    return paint.green(total + (several ? ", all as expected" : ", as expected")) + "\n";
  }
  const std::string text = fmt::format("{}, {} not as expected: {}", total, grouped(count), odd);
  return paragraph("", printable(text, options.unicode), options);
}

}  // namespace reports
