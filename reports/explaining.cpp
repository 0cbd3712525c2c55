#include "reports/explaining.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "reports/interleaving.hpp"
#include "reports/text.hpp"

namespace reports {
namespace {

constexpr std::size_t most_switches = 8;
constexpr std::size_t most_rows = 8;  // of the two executions side by side
const std::string heading(6, ' ');
const std::string item(8, ' ');

class Explained {
 public:
  Explained(const Verdict& verdict, const ConsoleOptions& options)
      : verdict_(verdict),
        explanation_(*verdict.explanation),
        options_(options),
        width_(static_cast<std::size_t>(std::max(options.width, 60))) {}

  std::string text() {
    shrinking();
    switches();
    orders();
    passing();
    return out_;
  }

 private:
  void say(const std::string& before, const std::string& text) {
    const std::string indent(before.size() + 2, ' ');
    bool first = true;
    for (const std::string& line :
         wrapped(printable(text, options_.unicode), width_ - indent.size(), 0)) {
      out_ += (first ? before : indent) + line + "\n";
      first = false;
    }
  }

  void shrinking() {
    const Violation& violation = *verdict_.violation;
    if (violation.shrunk.empty()) return;
    const std::string before = switches_in(violation.schedule);
    const std::string after = switches_in(violation.shrunk);
    const std::string what = before == after ? fmt::format("shortened, with {} as before", after)
                                             : fmt::format("shrunk from {} to {}", before, after);
    say(heading, what + ": " + violation.shrunk);
  }

  // Neighbouring items of one task differ in their outcomes only.
  static std::string switches_in(const std::string& schedule) {
    std::size_t switches = 0;
    std::string last;
    for (std::size_t at = 0; at < schedule.size();) {
      const std::size_t end = std::min(schedule.find(' ', at), schedule.size());
      std::string task = schedule.substr(at, end - at);
      task.erase(std::min(task.find_first_of("*/@"), task.size()));
      const bool is_step = !task.starts_with("racy:");
      if (is_step && !last.empty() && task != last) ++switches;
      if (is_step) last = std::move(task);
      at = end + 1;
    }
    return switches == 1 ? "1 switch" : fmt::format("{} switches", grouped(switches));
  }

  void switches() {
    if (explanation_.switches.empty()) return;
    out_ += heading + "the switches\n";
    std::size_t shown = 0;
    for (const Explanation::Switch& one : explanation_.switches) {
      if (!options_.verbose && shown == most_switches) break;
      ++shown;
      say(item, switch_text(one));
    }
    if (shown < explanation_.switches.size())
      out_ += fmt::format("{}{} more\n", item, grouped(explanation_.switches.size() - shown));
  }

  std::string switch_text(const Explanation::Switch& one) const {
    if (one.without == "forced")
      return fmt::format("after step {}: {} cannot go on; {} does", one.after, one.from, one.to);
    std::string held = fmt::format("after step {}: {} is held up", one.after, one.from);
    if (one.held_up != 0) held += " before " + step_text(one.held_up, false);
    return held + fmt::format(", {} goes on: {}", one.to, without_text(one.without));
  }

  static std::string without_text(const std::string& without) {
    if (without == "pass") return "essential";
    if (without == "same") return "not essential";
    if (without == "other") return "without it, something else goes wrong";
    return "whether it matters was not tried";
  }

  // "step 12, rmw unused 16 -> 15 (documented_fix.cpp:122 Pool::allocate)"
  std::string step_text(std::uint32_t number, bool with_task) const {
    const auto at = std::find_if(verdict_.trace.begin(), verdict_.trace.end(),
                                 [&](const Step& step) { return step.number == number; });
    if (at == verdict_.trace.end()) return fmt::format("step {}", number);
    const std::string place = place_text(at->stack);
    return fmt::format("{}{}{} (step {}{}{})", with_task ? at->task : "", with_task ? "'s " : "",
                       cell_text(*at), number, place.empty() ? "" : ", ", place);
  }

  void orders() {
    if (!explanation_.ordered) return;
    const std::size_t count = explanation_.orders.size();
    if (count == 0) {
      say(heading, "it fails whatever the order " + checked_text(""));
      return;
    }
    out_ += heading + "it fails whenever\n";
    for (std::size_t i = 0; i < count; ++i) {
      const Explanation::Order& order = explanation_.orders[i];
      say(fmt::format("{}{}. ", item, i + 1),
          fmt::format("{} comes before {}{}", step_text(order.first, true),
                      step_text(order.then, true), i + 1 < count ? ", and" : ""));
    }
    say(item, checked_text(count == 1 ? " with this order" : " with these orders"));
  }

  std::string checked_text(const std::string& which) const {
    const std::string bound =
        fmt::format("with at most {}",
                    counted(static_cast<std::uint64_t>(explanation_.preemptions), "preemption"));
    const std::string searched =
        explanation_.exhaustive
            ? fmt::format("all {} {}", grouped(explanation_.depth_first), bound)
            : fmt::format("the first {} of a search {}", grouped(explanation_.depth_first), bound);
    return fmt::format("(so did {} random executions{}, and {})", grouped(explanation_.random),
                       which, searched);
  }

  void passing() {
    if (!explanation_.passing) return;
    const Explanation::Passing& other = *explanation_.passing;
    out_ += fmt::format("{}up to step {} the same, but this one passes\n", heading,
                        other.parts_at == 0 ? 0 : other.parts_at - 1);
    const auto left = rows_of(verdict_.trace, other.parts_at);
    const auto right = rows_of(other.trace, other.parts_at);
    const std::size_t column = (width_ - item.size() - 3) / 2;
    line("fails", "passes", column);
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i)
      line(i < left.size() ? left[i] : "", i < right.size() ? right[i] : "", column);
    out_ += fmt::format("{}passes: {}\n", item, printable(other.schedule, options_.unicode));
  }

  void line(const std::string& left, const std::string& right, std::size_t column) {
    std::string text = item + padded(cut(left, column, options_.unicode), column) + " | " +
                       cut(right, column, options_.unicode);
    out_ += text.erase(text.find_last_not_of(' ') + 1) + "\n";
  }

  // One row for each step from `first` on.
  std::vector<std::string> rows_of(const std::vector<Step>& trace, std::uint32_t first) const {
    std::vector<std::string> rows;
    std::uint32_t last = 0;
    for (const Step& step : trace) {
      if (step.number < first || step.number == last) continue;
      last = step.number;
      if (rows.size() == most_rows) {
        rows.push_back(options_.unicode ? "…" : "...");
        break;
      }
      rows.push_back(printable(fmt::format("{:>4} {}: {}", step.number, step.task, cell_text(step)),
                               options_.unicode));
    }
    return rows;
  }

  const Verdict& verdict_;
  const Explanation& explanation_;
  const ConsoleOptions& options_;
  std::size_t width_;
  std::string out_;
};

}  // namespace

std::string explanation_text(const Verdict& verdict, const ConsoleOptions& options) {
  if (!verdict.explanation || !verdict.violation) return {};
  return Explained(verdict, options).text();
}

}  // namespace reports
