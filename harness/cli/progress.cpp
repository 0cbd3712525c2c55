#include "harness/cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "harness/cli/files.hpp"
#include "reports/text.hpp"

namespace harness::cli {

std::string progress_text(const std::string& title, const Effort& effort,
                          std::uint64_t executions_limit, double seconds_limit) {
  const auto [executions, seconds, orders, leaves] = effort;
  std::string text = fmt::format("{}  {}", title, reports::counted(executions, "execution"));
  if (seconds <= 0) return text;
  const double rate = static_cast<double>(executions) / seconds;
  text += fmt::format("  {}/s", reports::grouped(static_cast<std::uint64_t>(rate)));
  if (orders > 0) text += "  " + reports::counted(orders, "order");
  if (leaves >= 1) text += fmt::format("  tree of {:.1g}", leaves);
  double left = -1;
  if (seconds_limit > 0) left = std::max(0.0, seconds_limit - seconds);
  if (executions_limit > executions && rate > 0) {
    const double by_count = static_cast<double>(executions_limit - executions) / rate;
    left = left < 0 ? by_count : std::min(left, by_count);
  }
  if (left >= 0) text += fmt::format("  at most {:.0f} s left", left);
  return text;
}

void ProgressLine::begin(std::string title, std::uint64_t executions_limit, double seconds_limit) {
  title_ = std::move(title);
  executions_limit_ = executions_limit;
  seconds_limit_ = seconds_limit;
}

void ProgressLine::update(const Effort& effort) {
  if (!shown_) return;
  const std::string text =
      progress_text(title_, effort, executions_limit_, seconds_limit_);
  const auto columns = static_cast<std::size_t>(std::max(10, width_ - 1));
  drawn_ = true;
  static_cast<void>(write_all(STDERR_FILENO, "\r" + reports::cut(text, columns, false) + "\x1b[K"));
}

void ProgressLine::erase() {
  if (!drawn_) return;
  drawn_ = false;
  static_cast<void>(write_all(STDERR_FILENO, "\r\x1b[K"));
}

}  // namespace harness::cli
