// What of a trace is worth a line. A reader wants to see who did what around the guilty accesses,
// so the set-up before the first switch and long runs of plain steps are folded to a count.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reports/interleaving.hpp"
#include "reports/text.hpp"

namespace reports {
namespace {

constexpr std::size_t longest_run = 6;  // of plain steps of one task that is shown whole
constexpr std::size_t tail = 3;         // rows after the last guilty one that are shown
constexpr std::size_t most_rows = 100;  // beyond it only the neighbourhood of the guilty ones
constexpr std::size_t neighbourhood = 20;

template <std::size_t n>
bool is_among(const std::string& op, const std::array<const char*, n>& ops) {
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

// Landmarks: never folded into a run of plain steps.
bool is_landmark(const Step& step) {
  static constexpr std::array ops = {"point",   "map",     "unmap", "discard",  "protect",
                                     "given",   "closed",  "lost",  "violated", "stuck",
                                     "aborted", "crashed", "read",  "write"};
  return step.guilty || is_among(step.op, ops);
}

// Book-keeping that says nothing the neighbouring rows do not say.
bool is_noise(const Step& step) {
  static constexpr std::array ops = {"asked", "budget", "returning", "counted"};
  return !step.guilty && is_among(step.op, ops);
}

// The scheduling point of a plain access, when the access itself is the next row.
bool is_announced(const Step& point, const Step& access) {
  const bool reads = point.op == "read-point" && access.op == "read";
  const bool writes = point.op == "write-point" && access.op == "write";
  return !point.guilty && access.guilty && (reads || writes) && point.number == access.number &&
         point.task == access.task;
}

enum class Show : unsigned char { whole, folded, hidden };

// What came after the last guilty step changes nothing any more: a few rows, and the last one,
// where it was noticed.
void fold_tail(const std::vector<Step>& trace, std::vector<Show>& shown) {
  const auto guilty = [](const Step& step) { return step.guilty; };
  const auto last = std::find_if(trace.rbegin(), trace.rend(), guilty);
  if (last == trace.rend()) return;
  const auto first = static_cast<std::size_t>(trace.rend() - last) + tail;
  if (first + longest_run >= trace.size()) return;
  for (std::size_t i = first; i + 1 < trace.size(); ++i) {
    if (shown[i] == Show::whole) shown[i] = Show::folded;
  }
}

std::vector<Show> choose(const std::vector<Step>& trace) {
  std::vector<Show> shown(trace.size(), Show::whole);
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const bool announces = i + 1 < trace.size() && is_announced(trace[i], trace[i + 1]);
    if (is_noise(trace[i]) || announces) shown[i] = Show::hidden;
  }
  std::size_t setup = 0;
  while (setup < trace.size() && trace[setup].task == trace[0].task) ++setup;
  if (setup < trace.size() && setup > 2) {
    for (std::size_t i = 0; i < setup; ++i) {
      if (!trace[i].guilty) shown[i] = Show::folded;
    }
  } else {
    setup = 0;
  }
  std::vector<std::size_t> run;
  const auto close_run = [&] {
    // The last step before a switch tells what the task was in the middle of; it stays.
    if (run.size() > longest_run) {
      for (std::size_t k = 1; k + 2 < run.size(); ++k) shown[run[k]] = Show::folded;
    }
    run.clear();
  };
  for (std::size_t i = setup; i < trace.size(); ++i) {
    if (shown[i] == Show::hidden) continue;
    if (is_landmark(trace[i])) {
      close_run();
      continue;
    }
    if (!run.empty() && trace[run.back()].task != trace[i].task) close_run();
    run.push_back(i);
  }
  close_run();
  fold_tail(trace, shown);
  return shown;
}

// Where even that is too long: the neighbourhood of the guilty rows and the end.
void keep_neighbourhoods(const std::vector<Step>& trace, std::vector<Show>& shown) {
  const auto whole = std::count(shown.begin(), shown.end(), Show::whole);
  if (static_cast<std::size_t>(whole) <= most_rows) return;
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] == Show::whole) rows.push_back(i);
  }
  std::vector<bool> near(rows.size(), false);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (!trace[rows[k]].guilty && k + 1 != rows.size()) continue;
    const std::size_t first = k < neighbourhood ? 0 : k - neighbourhood;
    for (std::size_t j = first; j < rows.size() && j <= k + neighbourhood / 4; ++j) near[j] = true;
  }
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (!near[k]) shown[rows[k]] = Show::folded;
  }
}

std::vector<Show> choose(const std::vector<Step>& trace, const ConsoleOptions& options) {
  if (options.verbose) return std::vector<Show>(trace.size(), Show::whole);
  std::vector<Show> shown = choose(trace);
  keep_neighbourhoods(trace, shown);
  return shown;
}

Row row_of(const Step& step, std::size_t column, bool repeats, const ConsoleOptions& options) {
  Row row;
  if (!repeats || step.guilty) row.number = fmt::to_string(step.number);
  row.column = column;
  row.text = printable(cell_text(step), options.unicode);
  row.where = printable(place_text(step.stack), options.unicode);
  row.guilty = step.guilty;
  return row;
}

Row folded_row(const std::vector<Step>& trace, std::size_t first, std::size_t last,
               std::size_t column, const ConsoleOptions& options) {
  Row row;
  // What stands before the first scheduling point has number 0 and is no step.
  const std::uint32_t from = std::max<std::uint32_t>(trace[first].number, 1);
  const std::uint32_t to = std::max(trace[last].number, from);
  std::uint64_t steps = 0;
  bool one_task = true;
  std::uint32_t counted_up_to = 0;
  for (std::size_t i = first; i <= last; ++i) {
    if (trace[i].number != counted_up_to) ++steps;
    counted_up_to = trace[i].number;
    if (trace[i].task != trace[first].task) one_task = false;
  }
  row.number = from == to ? fmt::to_string(from) : fmt::format("{}-{}", from, to);
  row.column = column;
  row.text = fmt::format("{} {}{}", options.unicode ? "…" : "...",
                         counted(std::max<std::uint64_t>(steps, 1), "step"),
                         one_task ? "" : " of several tasks");
  row.folded = true;
  return row;
}

// Columns in order of creation, only for tasks that appear in the trace. Unknown names come last.
std::vector<std::string> columns_of(const Verdict& verdict, const std::vector<Show>& shown) {
  std::vector<std::string> acting;
  for (std::size_t i = 0; i < verdict.trace.size(); ++i) {
    const std::string& task = verdict.trace[i].task;
    if (shown[i] == Show::hidden || std::count(acting.begin(), acting.end(), task)) continue;
    acting.push_back(task);
  }
  const auto rank = [&](const std::string& task) {
    return std::find(verdict.tasks.begin(), verdict.tasks.end(), task) - verdict.tasks.begin();
  };
  std::stable_sort(acting.begin(), acting.end(),
                   [&](const std::string& a, const std::string& b) { return rank(a) < rank(b); });
  return acting;
}

std::string file_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

std::string short_name(const std::string& function) {
  std::size_t at = function.rfind("::");
  if (at == std::string::npos || at == 0) return function;
  at = function.rfind("::", at - 1);
  return at == std::string::npos ? function : function.substr(at + 2);
}

std::string cell_text(const Step& step) {
  if (step.op == "point" && !step.label.empty()) return "@" + step.label;
  std::string text = step.op;
  std::replace(text.begin(), text.end(), '_', ' ');
  if (!step.object.empty()) text += " " + step.object;
  if (!step.label.empty()) text += " " + step.label;
  if (step.detail.empty()) return text;
  static constexpr std::array sized = {"map",   "unmap", "discard", "protect",
                                       "given", "read",  "write",   "closed"};
  if (is_among(step.op, sized)) return text + " (" + step.detail + ")";
  return text + (step.op == "store" ? " = " : " ") + step.detail;
}

std::string place_text(const std::vector<Frame>& stack) {
  if (stack.empty()) return {};
  const Frame& frame = stack.front();
  if (frame.file.empty()) return frame.function.empty() ? frame.module : short_name(frame.function);
  std::string text = file_name(frame.file);
  if (frame.line > 0) text += fmt::format(":{}", frame.line);
  if (!frame.function.empty()) text += " " + short_name(frame.function);
  return text;
}

std::vector<std::size_t> shown_whole(const Verdict& verdict, const ConsoleOptions& options) {
  const std::vector<Show> shown = choose(verdict.trace, options);
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < shown.size(); ++i)
    if (shown[i] == Show::whole) indices.push_back(i);
  return indices;
}

Table fold(const Verdict& verdict, const ConsoleOptions& options) {
  const std::vector<Step>& trace = verdict.trace;
  const std::vector<Show> shown = choose(trace, options);
  Table table;
  table.tasks = columns_of(verdict, shown);
  const auto column = [&](const Step& step) {
    const auto at = std::find(table.tasks.begin(), table.tasks.end(), step.task);
    return static_cast<std::size_t>(at - table.tasks.begin());
  };
  const Step* last = nullptr;  // the row above, if it is a step
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (shown[i] == Show::hidden) continue;
    if (shown[i] == Show::whole) {
      const bool repeats = last && last->number == trace[i].number && last->task == trace[i].task;
      table.rows.push_back(row_of(trace[i], column(trace[i]), repeats, options));
      last = &trace[i];
      continue;
    }
    const std::size_t first = i;
    std::size_t end = i;  // the last folded one; hidden ones in between do not end the run
    for (; i < trace.size() && shown[i] != Show::whole; ++i) {
      if (shown[i] == Show::folded) end = i;
    }
    i = end;
    last = nullptr;
    table.rows.push_back(folded_row(trace, first, end, column(trace[first]), options));
  }
  for (std::string& task : table.tasks) task = printable(task, options.unicode);
  return table;
}

}  // namespace reports
