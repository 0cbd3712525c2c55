#include "harness/cli/numbers.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "harness/engine/errors.hpp"

namespace harness::cli {
namespace {

[[noreturn]] void refuse(std::string_view origin, std::string_view text, std::string_view why) {
  throw UsageError(fmt::format("{}: '{}' {}", origin, text, why));
}

bool begins_with_digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

}  // namespace

std::uint64_t whole_number(std::string_view text, std::string_view origin, std::uint64_t low,
                           std::uint64_t high) {
  const std::string range = fmt::format("a whole number from {} to {} is wanted", low, high);
  if (!begins_with_digit(text)) refuse(origin, text, "is no such number; " + range);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) refuse(origin, text, "is no such number; " + range);
  if (error == std::errc::result_out_of_range || value < low || value > high)
    refuse(origin, text, "is out of range; " + range);
  return value;
}

double seconds_number(std::string_view text, std::string_view origin, double high) {
  const std::string range = fmt::format("seconds from 0 to {} are wanted, such as 2.5", high);
  const bool starts_well = begins_with_digit(text) || (text.size() > 1 && text.front() == '.');
  if (!starts_well) refuse(origin, text, "is no such number; " + range);
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (end != text.data() + text.size()) refuse(origin, text, "is no such number; " + range);
  if (error != std::errc() || value > high) refuse(origin, text, "is out of range; " + range);
  return value;
}

bool truth(std::string_view text, std::string_view origin) {
  for (const std::string_view yes : {"true", "yes", "on", "1"})
    if (text == yes) return true;
  for (const std::string_view no : {"false", "no", "off", "0"})
    if (text == no) return false;
  refuse(origin, text, "is neither true nor false");
}

}  // namespace harness::cli
