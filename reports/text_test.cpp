#include "reports/text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace reports {
namespace {

const std::string replaced = "\xef\xbf\xbd";

TEST(Text, Example) {
  EXPECT_EQ(cut("allocator::Pool::poll", 10, true), "allocator…");
  EXPECT_EQ(cut_front("allocator/documented_fix.cpp:120", 12, true), "…fix.cpp:120");
  EXPECT_EQ(padded("naïve", 7), "naïve  ");
}

TEST(Text, ValidUtf8IsLeftAlone) {
  for (const std::string text : {"", "plain", "naïve", "…│", "\xf0\x9f\x99\x82", "\xed\x9f\xbf"}) {
    EXPECT_EQ(valid_utf8(text), text);
  }
}

TEST(Text, MalformedBytesAreReplacedOneByOne) {
  EXPECT_EQ(valid_utf8("\xff"), replaced);
  EXPECT_EQ(valid_utf8("a\xc3"), "a" + replaced);                         // cut off
  EXPECT_EQ(valid_utf8("\xc0\xaf"), replaced + replaced);                 // overlong
  EXPECT_EQ(valid_utf8("\xe0\x80\xaf"), replaced + replaced + replaced);  // overlong
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), replaced + replaced + replaced);  // surrogate
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80").size(), 4 * replaced.size());  // above U+10FFFF
  EXPECT_EQ(valid_utf8("\x80"
                       "ok"),
            replaced + "ok");
  EXPECT_EQ(valid_utf8("\xc3"
                       "A"),
            replaced + "A");
}

TEST(Text, EveryPairOfBytesComesOutValid) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string once = valid_utf8(std::string{static_cast<char>(a), static_cast<char>(b)});
      ASSERT_EQ(valid_utf8(once), once) << a << " " << b;
    }
  }
}

TEST(Text, PrintableHasNoControlCharacters) {
  EXPECT_EQ(printable("a\x1b[31mb\n\tc\x7f", true), "a [31mb  c ");
  EXPECT_EQ(printable(std::string("a\0b", 3), true), "a b");
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "x\xc2\x85",
                      true),
            " x ");  // right-to-left override, NEL
  EXPECT_EQ(printable("naïve …\xff", false), "na?ve ??");
}

TEST(Text, WidthCountsColumns) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("naïve"), 5U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);  // combining
}

TEST(Text, CutNeverExceedsTheWidth) {
  for (const std::string text : {"", "a", "hello world", "naïve café", "日本語の", "a b c d e f"}) {
    for (std::size_t width = 0; width < 14; ++width) {
      for (const bool unicode : {true, false}) {
        EXPECT_LE(display_width(cut(text, width, unicode)), width);
        EXPECT_LE(display_width(cut_front(text, width, unicode)), width);
        EXPECT_EQ(valid_utf8(cut(text, width, true)), cut(text, width, true));
      }
    }
  }
  EXPECT_EQ(cut("hello world", 7, false), "hello~");
}

TEST(Text, WrapsAtSpacesOnly) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrapped("", 10), Lines{});
  EXPECT_EQ(wrapped("   ", 10), Lines{});
  EXPECT_EQ(wrapped("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(wrapped("one two three", 7, 5), (Lines{"one", "two", "three"}));
  EXPECT_EQ(wrapped("a verylongword b", 5), (Lines{"a", "verylongword", "b"}));
  EXPECT_EQ(wrapped("x", 0), Lines{"x"});
}

TEST(Text, Numbers) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1 000");
  EXPECT_EQ(grouped(1234567), "1 234 567");
  EXPECT_EQ(grouped(std::numeric_limits<std::uint64_t>::max()), "18 446 744 073 709 551 615");
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(1), "1 byte");
  EXPECT_EQ(bytes_text(1000), "1 000 bytes");
  EXPECT_EQ(bytes_text(1024), "1 KiB");
  EXPECT_EQ(bytes_text(1536 * 1024), "1 536 KiB");
  EXPECT_EQ(bytes_text(1 << 20), "1 MiB");
  EXPECT_EQ(bytes_text(std::uint64_t{1} << 63), "8 EiB");
  EXPECT_EQ(bytes_text(std::numeric_limits<std::uint64_t>::max()),
            "18 446 744 073 709 551 615 bytes");
  EXPECT_EQ(counted(1, "step"), "1 step");
  EXPECT_EQ(counted(2000, "step"), "2 000 steps");
}

}  // namespace
}  // namespace reports
