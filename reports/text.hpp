// Text in the terms of a terminal: repairing UTF-8, widths, cutting, wrapping, and numbers as
// people write them. Used by the writers in this folder and by whoever composes a verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reports {

// `text` with every byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);
// Valid UTF-8 without control characters (they become spaces); all ASCII if !unicode ('?' for
// others).
std::string printable(std::string_view text, bool unicode);

// Columns that valid UTF-8 takes on a terminal. Counts code points; combining and wide ones are
// told apart for the common ranges only.
std::size_t display_width(std::string_view text);
// At most `width` columns of it; where something was cut it ends in "…" (unicode) or "~".
std::string cut(std::string_view text, std::size_t width, bool unicode);
// The same, cut in front: the end is what matters in a path.
std::string cut_front(std::string_view text, std::size_t width, bool unicode);
// Filled up with spaces to `width` columns.
std::string padded(std::string_view text, std::size_t width);
// Broken at spaces only; a longer word stands alone on its line. `used`: columns that are taken
// already on the first line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width, std::size_t used = 0);

std::string grouped(std::uint64_t number);    // "1 234 567"
std::string bytes_text(std::uint64_t bytes);  // "2 MiB", "100 bytes", "1 byte"
// "1 step", "2 steps".
std::string counted(std::uint64_t number, std::string_view noun);

}  // namespace reports
