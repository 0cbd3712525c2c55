// Text in the terms of a terminal; see text.hpp. The decoder accepts exactly what the Unicode
// standard calls well-formed: no overlong forms, no surrogates, nothing above U+10FFFF.
#include "reports/text.hpp"

#include <fmt/format.h>

namespace reports {
namespace {

constexpr char32_t bad = 0xffffffff;

struct Decoded {
  char32_t code = bad;
  std::size_t bytes = 1;
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

// The code point at the start of a text that is not empty.
Decoded decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = length_of(lead);
  if (length == 0 || length > text.size()) return {};
  if (length == 1) return {lead, 1};
  char32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return {};
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff) return {};
  return {code, length};
}

std::size_t columns_of(char32_t code) {
  const bool combining = (code >= 0x300 && code <= 0x36f) || (code >= 0x200b && code <= 0x200f) ||
                         (code >= 0xfe00 && code <= 0xfe0f);
  if (combining) return 0;
  const bool wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
                    (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
                    (code >= 0xfe30 && code <= 0xfe4f) || (code >= 0xff00 && code <= 0xff60) ||
                    (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

bool is_control(char32_t code) {
  const bool direction = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
         direction;
}

// Bytes of the longest prefix of at most `width` columns.
std::size_t prefix_bytes(std::string_view text, std::size_t width) {
  std::size_t taken = 0;
  std::size_t columns = 0;
  while (taken < text.size()) {
    const Decoded next = decode(text.substr(taken));
    columns += columns_of(next.code);
    if (columns > width) break;
    taken += next.bytes;
  }
  return taken;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (next.code == bad) {
      result += "\xef\xbf\xbd";
    } else {
      result += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return result;
}

std::string printable(std::string_view text, bool unicode) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (next.code != bad && is_control(next.code)) {
      result += ' ';
    } else if (next.code < 0x80) {
      result += static_cast<char>(next.code);
    } else if (!unicode) {
      result += '?';
    } else if (next.code == bad) {
      result += "\xef\xbf\xbd";
    } else {
      result += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return result;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Decoded next = decode(text);
    columns += columns_of(next.code);
    text.remove_prefix(next.bytes);
  }
  return columns;
}

std::string cut(std::string_view text, std::size_t width, bool unicode) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string result(text.substr(0, prefix_bytes(text, width - 1)));
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result + (unicode ? "…" : "~");
}

std::string cut_front(std::string_view text, std::size_t width, bool unicode) {
  std::size_t columns = display_width(text);
  if (columns <= width) return std::string(text);
  if (width == 0) return {};
  while (columns > width - 1) {
    const Decoded next = decode(text);
    columns -= columns_of(next.code);
    text.remove_prefix(next.bytes);
  }
  return (unicode ? "…" : "~") + std::string(text);
}

std::string padded(std::string_view text, std::size_t width) {
  std::string result(text);
  const std::size_t columns = display_width(text);
  if (columns < width) result.append(width - columns, ' ');
  return result;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width, std::size_t used) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (word.empty()) continue;
    const std::size_t taken = display_width(line) + (lines.empty() ? used : 0);
    if (!line.empty() && taken + 1 + display_width(word) > width) {
      lines.push_back(std::move(line));
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::string grouped(std::uint64_t number) {
  std::string digits = fmt::to_string(number);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, 1, ' ');
  }
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr const char* units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024 || bytes % 1024 != 0) return counted(bytes, "byte");
  std::uint64_t amount = bytes;
  int unit = -1;
  while (amount >= 1024 && amount % 1024 == 0 && unit < 5) {
    amount /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", grouped(amount), units[unit]);
}

std::string counted(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

}  // namespace reports
