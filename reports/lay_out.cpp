// Where the columns of the interleaving stand. Each row fills one cell only, so a cell that does
// not fit its column may run on to the right; the header is staggered over several lines rather
// than cut.
#include <fmt/format.h>

#include <algorithm>

#include "reports/interleaving.hpp"
#include "reports/paint.hpp"
#include "reports/text.hpp"

namespace reports {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_pitch = 4;   // narrower columns cannot be told apart
constexpr std::size_t fair_pitch = 6;    // what the last column leaves to the others if it can
constexpr std::size_t least_where = 28;  // of the margin with the source lines, if it needs as much
constexpr std::size_t least_last = 24;   // of the last column, which cannot run on

struct Layout {
  std::vector<std::size_t> starts;  // of each column, from the end of the gutter
  std::size_t cells = 0;            // width of all columns together
  std::size_t where = 0;            // width of the margin
  std::size_t number = 4;           // width of the step numbers
  bool spills = false;              // cells may be wider than their columns
  bool named = false;               // no columns: each cell begins with the name of its task
};

std::string named_text(const Table& table, const Row& row) {
  return fmt::format("{}: {}", table.tasks[row.column], row.text);
}

std::vector<std::size_t> natural_widths(const Table& table) {
  std::vector<std::size_t> widths;
  for (const std::string& task : table.tasks) widths.push_back(display_width(task));
  for (const Row& row : table.rows) {
    widths[row.column] = std::max(widths[row.column], display_width(row.text));
  }
  return widths;
}

// Shares `room` among all columns but the last: none gets more than it needs, the rest is even.
std::vector<std::size_t> shared(const std::vector<std::size_t>& needed, std::size_t room) {
  std::vector<std::size_t> order(needed.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return needed[a] < needed[b]; });
  std::vector<std::size_t> result(needed.size());
  std::size_t left = needed.size();
  for (const std::size_t i : order) {
    result[i] = std::min(needed[i], room / left);
    room -= result[i];
    --left;
  }
  return result;
}

void place_columns(const std::vector<std::size_t>& widths, Layout& layout) {
  std::size_t at = 0;
  for (const std::size_t width : widths) {
    layout.starts.push_back(at);
    at += width;
  }
}

void squeeze(const Table& table, const std::vector<std::size_t>& widths, Layout& layout) {
  std::vector<std::size_t> needed;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) needed.push_back(widths[i] + gap);
  const std::size_t others = fair_pitch * needed.size();
  const std::size_t most = std::max(least_last, layout.cells - std::min(layout.cells, others));
  const std::size_t last = std::min({widths.back(), layout.cells, most});
  layout.spills = true;
  std::vector<std::size_t> pitches = shared(needed, layout.cells - last);
  layout.named = std::any_of(pitches.begin(), pitches.end(),
                             [](std::size_t pitch) { return pitch < least_pitch; });
  if (layout.named) pitches.assign(table.tasks.size() - 1, 0);
  pitches.push_back(last);
  place_columns(pitches, layout);
}

Layout plan(const Table& table, const ConsoleOptions& options) {
  Layout layout;
  std::size_t where = 0;
  for (const Row& row : table.rows) {
    layout.number = std::max(layout.number, row.number.size());
    where = std::max(where, display_width(row.where));
  }
  const std::size_t gutter = 3 + layout.number + gap;
  const auto width = static_cast<std::size_t>(std::max(options.width, 60));
  const std::size_t room = width - std::min(gutter, width / 2);
  std::vector<std::size_t> widths = natural_widths(table);
  std::size_t natural = 0;
  for (const std::size_t column : widths) natural += column + gap;
  const std::size_t least = std::min(where, std::max(least_where, width * 36 / 100));
  layout.where = where;
  if (natural + where > room) layout.where = std::max(least, room - std::min(room, natural));
  layout.cells = room - layout.where - (where > 0 ? gap : 0);
  if (natural - gap <= layout.cells) {
    layout.cells = natural - gap;
    for (std::size_t& column : widths) column += gap;
    place_columns(widths, layout);
  } else {
    squeeze(table, widths, layout);
  }
  return layout;
}

// The names of the tasks above their columns, on as many lines as it takes to leave them whole.
std::vector<std::string> headers(const Table& table, const Layout& layout, bool unicode) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < table.tasks.size(); ++i) {
    const std::size_t start = layout.starts[i];
    std::size_t line = 0;
    while (line < lines.size() && display_width(lines[line]) + 1 > start) ++line;
    if (line == lines.size()) lines.emplace_back();
    const std::size_t room = layout.cells - start;
    lines[line] = padded(lines[line], start) + cut(table.tasks[i], room, unicode);
  }
  return lines;
}

// Bars where other tasks' columns begin, so that the eye finds the right one when they are narrow.
std::string with_guides(std::string cells, const Layout& layout, std::size_t from, std::size_t to,
                        const ConsoleOptions& options) {
  std::string line;
  std::size_t column = 0;
  const auto advance = [&](std::size_t start) {
    line.append(start - column, ' ');
    column = start;
  };
  for (std::size_t i = 0; i < layout.starts.size(); ++i) {
    const std::size_t start = layout.starts[i];
    if (start == from) {
      advance(from);
      line += cells;
      column = from + display_width(cells);
    } else if (start < from || start > to) {
      advance(start);
      line += options.unicode ? "│" : "|";
      ++column;
    }
  }
  return line;
}

std::string cells_of(const Table& table, const Row& row, const Layout& layout,
                     const ConsoleOptions& options) {
  if (layout.named) return cut(named_text(table, row), layout.cells, options.unicode);
  const std::size_t start = layout.starts[row.column];
  const std::string text = cut(row.text, layout.cells - start, options.unicode);
  if (!layout.spills) return std::string(start, ' ') + text;
  return with_guides(text, layout, start, start + display_width(text), options);
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string lay_out(const Table& table, const ConsoleOptions& options) {
  if (table.rows.empty()) return {};
  const Layout layout = plan(table, options);
  const Paint paint(options.color);
  const std::string indent(3 + layout.number + gap, ' ');
  std::string out;
  if (!layout.named) {
    for (const std::string& line : headers(table, layout, options.unicode)) {
      out += indent + paint.bold(without_trailing_spaces(line)) + "\n";
    }
  }
  for (const Row& row : table.rows) {
    const std::string cells = cells_of(table, row, layout, options);
    const std::string where = cut(row.where, layout.where, options.unicode);
    const std::string number(layout.number - row.number.size(), ' ');
    const std::string left = (row.guilty ? ">> " : "   ") + number + row.number + "  ";
    const std::string body = where.empty() ? cells : padded(cells, layout.cells + gap);
    std::string line = left + without_trailing_spaces(body);
    if (!where.empty()) line = left + body;
    if (row.guilty) {
      out += paint.red(line + where);
    } else if (row.folded) {
      out += paint.dim(line + where);
    } else {
      out += line + paint.dim(where);
    }
    out += '\n';
  }
  return out;
}

}  // namespace reports
