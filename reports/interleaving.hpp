// The trace of an execution as a table: one column per task, time downwards, the source line of
// each step at the right. Part of the console writer; see console.hpp for the whole.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "reports/console.hpp"
#include "reports/verdict.hpp"

namespace reports {

// One line of the table before it is laid out.
struct Row {
  std::string number;      // of the step, "1-17" for folded ones, "" where it repeats
  std::size_t column = 0;  // index into Table::tasks
  std::string text;
  std::string where;  // "documented_fix.cpp:120 Pool::poll"
  bool guilty = false;
  bool folded = false;
};

struct Table {
  std::vector<std::string> tasks;  // those that do something that is shown, main first
  std::vector<Row> rows;
};

// Chooses what is shown and folds the rest; everything in it is printable.
Table fold(const Verdict& verdict, const ConsoleOptions& options);

// The rows of the trace that are shown and not folded, as indices.
std::vector<std::size_t> shown_whole(const Verdict& verdict, const ConsoleOptions& options);

// Lays a table out within options.width. Where the columns do not fit side by side, a cell may run
// on over the columns right of its own, which are empty in its row; with very many tasks each cell
// names its task instead. Every line ends in a newline; nothing for an empty table.
std::string lay_out(const Table& table, const ConsoleOptions& options);

// What a step did, in the words of a cell: "rmw atomic B 16 -> 15".
std::string cell_text(const Step& step);
// The last two components: "allocator::Pool::poll" is "Pool::poll" where room is scarce.
std::string short_name(const std::string& function);
// One line a frame, indented by ten columns.
std::string stack_text(const std::vector<Frame>& stack, const ConsoleOptions& options);
// "documented_fix.cpp:120 Pool::poll"; "" where nothing is known.
std::string place_text(const std::vector<Frame>& stack);

}  // namespace reports
