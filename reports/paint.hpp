// Colours of the console writer: ANSI sequences around a text, or the text as it is.
#pragma once

#include <string>

namespace reports {

class Paint {
 public:
  explicit Paint(bool on) : on_(on) {}
  std::string bold(const std::string& text) const { return around("1", text); }
  std::string dim(const std::string& text) const { return around("2", text); }
  std::string red(const std::string& text) const { return around("1;31", text); }
  std::string green(const std::string& text) const { return around("32", text); }

 private:
  std::string around(const char* code, const std::string& text) const {
    if (!on_ || text.empty()) return text;
    return std::string("\x1b[") + code + "m" + text + "\x1b[0m";
  }

  bool on_;
};

}  // namespace reports
