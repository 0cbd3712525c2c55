// Schedules as text: the parser with its messages, and the writer.
#include "harness/engine/schedule.hpp"

#include <fmt/format.h>

#include "harness/engine/errors.hpp"

namespace harness {
namespace {

constexpr std::uint64_t most_steps = 1'000'000'000;
constexpr std::uint64_t last_alternative = 0xffff;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_' ||
         c == '.';
}
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Schedule parse() {
    Schedule schedule;
    skip_space();
    if (at_end())
      throw UsageError(
          "the schedule is empty; write tasks in the order in which they run, for example "
          "'reader@polled reclaimer reader'");
    for (; !at_end(); skip_space()) schedule.push_back(parse_item());
    return schedule;
  }

 private:
  ScheduleItem parse_item() {
    ScheduleItem item;
    item.column = column();
    const std::size_t start = at_;
    if (take("racy:")) {
      item.until = ScheduleItem::Until::racy;
      item.label = take_function("a place such as program+0x12f4 after 'racy:'");
      return item;
    }
    item.task = take_name("a task's name");
    if (take('/'))
      item.alternative = static_cast<std::uint16_t>(
          take_number(0, last_alternative, "an alternative's number from 0 to 65535 after '/'"));
    if (take('*')) {
      item.until = ScheduleItem::Until::steps;
      item.steps = take_number(1, most_steps, "a number of steps from 1 to 1000000000 after '*'");
    } else if (take('@')) {
      parse_place(item);
    }
    if (!at_end() && !is_space(peek())) fail(what_may_follow(item, start));
    return item;
  }

  void parse_place(ScheduleItem& item) {
    using Until = ScheduleItem::Until;
    if (take("enter:")) {
      item.until = Until::enter;
      item.label = take_function("a function's name after '@enter:'");
    } else if (take("leave:")) {
      item.until = Until::leave;
      item.label = take_function("a function's name after '@leave:'");
    } else {
      item.until = Until::point;
      item.label = take_name("a point's name after '@'");
    }
  }

  std::string what_may_follow(const ScheduleItem& item, std::size_t start) const {
    const std::string_view so_far = text_.substr(start, at_ - start);
    if (item.until == ScheduleItem::Until::point && peek() == ':')
      return fmt::format("white space after '{}' (a function is '@enter:name' or '@leave:name')",
                         so_far);
    if (item.until != ScheduleItem::Until::blocked)
      return fmt::format("white space or the end after '{}'", so_far);
    return fmt::format("'@', '*', {}white space or the end after '{}'",
                       so_far.find('/') == std::string_view::npos ? "'/', " : "", so_far);
  }

  std::string take_name(const char* expected) {
    const std::size_t start = at_;
    while (!at_end() && is_name(peek())) ++at_;
    if (at_ == start) fail(expected);
    return std::string(text_.substr(start, at_ - start));
  }

  std::string take_function(const char* expected) {
    const std::size_t start = at_;
    while (!at_end() && !is_space(peek())) ++at_;
    if (at_ == start) fail(expected);
    return std::string(text_.substr(start, at_ - start));
  }

  std::uint64_t take_number(std::uint64_t low, std::uint64_t high, const char* expected) {
    const std::size_t start = at_;
    std::uint64_t value = 0;
    for (; !at_end() && is_digit(peek()); ++at_)
      if (value <= high) value = value * 10 + static_cast<std::uint64_t>(peek() - '0');
    const bool usable = at_ > start && value >= low && value <= high;
    const std::string_view digits = text_.substr(start, at_ - start);
    if (usable) return value;
    at_ = start;
    if (digits.empty()) fail(expected);
    fail_with(expected, fmt::format("'{}'", digits));
  }

  [[noreturn]] void fail(std::string_view expected) { fail_with(expected, found()); }
  [[noreturn]] void fail_with(std::string_view expected, std::string_view what_came) {
    throw UsageError(
        fmt::format("schedule, column {}: expected {}, found {}", column(), expected, what_came));
  }

  std::string found() const {
    if (at_end()) return "the end";
    const char c = peek();
    if (is_space(c)) return "white space";
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return fmt::format("the character {:#04x}", static_cast<unsigned char>(c));
    std::size_t length = 1;
    while (at_ + length < text_.size() && continues_character(text_[at_ + length])) ++length;
    return fmt::format("'{}'", text_.substr(at_, length));
  }

  // Counted in characters, as an editor does, not in bytes; goes on from where it was asked last.
  std::uint32_t column() {
    if (counted_ > at_) counted_ = characters_ = 0;
    for (; counted_ < at_; ++counted_) characters_ += continues_character(text_[counted_]) ? 0 : 1;
    return characters_ + 1;
  }

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return text_[at_]; }
  bool take(char c) { return take(std::string_view(&c, 1)); }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void skip_space() {
    while (!at_end() && is_space(peek())) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;  // bytes that column() has looked at, and the characters among them
  std::uint32_t characters_ = 0;
};

}  // namespace

Schedule parse_schedule(std::string_view text) { return Parser(text).parse(); }

std::string to_text(const ScheduleItem& item) {
  using Until = ScheduleItem::Until;
  std::string text = item.task;
  if (item.alternative != 0) text += fmt::format("/{}", item.alternative);
  switch (item.until) {
    case Until::blocked:
      return text;
    case Until::steps:
      return text + fmt::format("*{}", item.steps);
    case Until::point:
      return text + "@" + item.label;
    case Until::enter:
      return text + "@enter:" + item.label;
    case Until::leave:
      return text + "@leave:" + item.label;
    case Until::racy:
      return "racy:" + item.label;
  }
  return text;
}

std::string to_text(const Schedule& schedule) {
  std::string text;
  for (const ScheduleItem& item : schedule) {
    if (!text.empty()) text += ' ';
    text += to_text(item);
  }
  return text;
}

Schedule from_choices(std::span<const Choice> choices, std::span<const std::string> names) {
  Schedule schedule;
  std::uint32_t column = 1;
  for (std::size_t i = 0; i < choices.size();) {
    const Choice choice = choices[i];
    HARNESS_CHECK(choice.task < names.size());
    std::size_t end = i;
    while (end < choices.size() && choices[end] == choice && end - i < most_steps) ++end;
    ScheduleItem item;
    item.task = names[choice.task];
    item.until = ScheduleItem::Until::steps;
    item.steps = end - i;
    item.alternative = choice.alternative;
    item.column = column;
    column += static_cast<std::uint32_t>(to_text(item).size()) + 1;
    schedule.push_back(std::move(item));
    i = end;
  }
  return schedule;
}

}  // namespace harness
