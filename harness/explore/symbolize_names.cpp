// Names as people write them: shortening what the demangler prints, and telling the user's frames
// from those of libraries and of this tool.
#include <algorithm>
#include <array>

#include "harness/explore/symbolize.hpp"

namespace harness {
namespace {

constexpr std::size_t short_arguments = 20;  // template arguments up to this length are kept

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Position after the bracket that closes the one at `at`; the end of the text where none does.
std::size_t after_bracket(std::string_view text, std::size_t at) {
  int depth = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    const bool arrow = c == '>' && i > 0 && text[i - 1] == '-';
    if (c == '(' || c == '<' || c == '{' || c == '[') ++depth;
    if ((c == ')' || (c == '>' && !arrow) || c == '}' || c == ']') && --depth == 0) return i + 1;
  }
  return text.size();
}

// Reads a demangled name from left to right and keeps what names the function. What stands before a
// space is a return type, and forgotten, unless the space belongs to an operator or a qualifier.
class Shortener {
 public:
  explicit Shortener(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (!anonymous() && !closure() && !operator_name() && !bracket() && !space()) {
        out_ += text_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  bool skip(std::string_view prefix) {
    if (!rest().starts_with(prefix)) return false;
    at_ += prefix.size();
    return true;
  }
  bool at_word_start() const { return at_ == 0 || !is_name_character(text_[at_ - 1]); }

  bool anonymous() { return skip("(anonymous namespace)::"); }

  // gcc's "{lambda(int)#1}::operator()" and clang's "$_0::operator()".
  bool closure() {
    if (rest().starts_with("{")) {
      const std::size_t end = after_bracket(text_, at_);
      const std::string_view inside = text_.substr(at_ + 1, end - at_ - 2);
      out_ += inside.substr(0, inside.find_first_of("( #"));
      at_ = end;
    } else if (rest().starts_with("$_") && at_word_start()) {
      at_ = std::min(text_.find_first_not_of("0123456789", at_ + 2), text_.size());
      out_ += "lambda";
    } else {
      return false;
    }
    skip("::operator()");
    return true;
  }

  // "operator<<", "operator()", "operator new[]", "operator bool": no bracket of these opens
  // anything.
  bool operator_name() {
    constexpr std::string_view word = "operator";
    const std::string_view name = rest();
    if (!name.starts_with(word) || !at_word_start()) return false;
    std::size_t end = word.size();
    if (end == name.size() || is_name_character(name[end])) return false;
    if (name.substr(end).starts_with("()")) {
      end += 2;
    } else if (name[end] == ' ' || name[end] == '"') {
      while (end < name.size() && name[end] != '(') {
        end = name[end] == '<' ? after_bracket(name, end) : end + 1;
      }
    } else {
      end = std::min(name.find_first_not_of("+-*/%^&|~!=<>,[]", end), name.size());
    }
    out_ += name.substr(0, end);
    at_ += end;
    return true;
  }

  bool bracket() {
    const char c = text_[at_];
    if (c != '(' && c != '<' && c != '[') return false;
    const std::size_t end = after_bracket(text_, at_);
    const std::string_view inside = text_.substr(at_, end - at_);
    const bool nested = inside.find_first_of("(<{", 1) != std::string_view::npos;
    if (c == '<' && inside.size() <= short_arguments && !nested) out_ += inside;
    at_ = end;
    return true;
  }

  bool space() {
    if (text_[at_] != ' ') return false;
    ++at_;
    if (rest().starts_with("<") || rest().starts_with("[")) return true;
    const bool after_parameters = at_ >= 2 && text_[at_ - 2] == ')';
    for (const char* qualifier : {"const", "volatile", "&&", "&", "noexcept"}) {
      const std::string_view word = qualifier;
      const std::string_view next = rest();
      if (!next.starts_with(word)) continue;
      const bool whole = next.size() == word.size() || !is_name_character(next[word.size()]);
      if (!whole || !(after_parameters || qualified_)) continue;
      at_ += word.size();
      qualified_ = true;
      return true;
    }
    qualified_ = false;
    out_.clear();
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool qualified_ = false;  // the last thing was a qualifier behind parameters
  std::string out_;
};

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

}  // namespace

std::string short_function(std::string_view demangled) {
  struct Special {
    std::string_view prefix;
    std::string_view written;
  };
  static constexpr std::array specials = {Special{"guard variable for ", "guard of "},
                                          Special{"non-virtual thunk to ", ""},
                                          Special{"virtual thunk to ", ""},
                                          Special{"vtable for ", "vtable of "},
                                          Special{"typeinfo for ", "type of "},
                                          Special{"TLS init function for ", "set-up of "},
                                          Special{"TLS wrapper function for ", ""}};
  for (const Special& special : specials) {
    if (demangled.starts_with(special.prefix)) {
      return std::string(special.written) + short_function(demangled.substr(special.prefix.size()));
    }
  }
  std::string result = Shortener(demangled).run();
  return result.empty() ? std::string(demangled) : result;
}

bool is_plumbing(const reports::Frame& frame) {
  if (starts_with_any(
          frame.function,
          {"std::", "__gnu_cxx::", "__cxxabiv1::", "__gthread", "harness::", "harness_", "__tsan_",
           "__asan_", "__ubsan_", "__sanitizer", "__interceptor_", "operator new",
           "operator delete", "__static_initialization_and_", "_GLOBAL__sub_I", "_start"})) {
    return true;
  }
  if (starts_with_any(frame.file, {"/usr/include/c++/", "/usr/lib/llvm", "harness/include/",
                                   "harness/runtime/", "harness/engine/"})) {
    return true;
  }
  return starts_with_any(frame.module, {"libharness_", "libc.so", "libc-2", "libpthread",
                                        "libstdc++", "libc++", "libgcc_s", "libtsan", "libasan",
                                        "libubsan", "libm.so", "ld-linux", "linux-vdso"});
}

std::vector<reports::Frame> user_stack(std::span<const std::uintptr_t> return_addresses,
                                       std::size_t most) {
  std::vector<reports::Frame> all;
  std::vector<reports::Frame> users;
  for (const std::uintptr_t address : return_addresses) {
    if (users.size() >= most) break;
    for (reports::Frame& frame : frames_at(address)) {
      if (!is_plumbing(frame)) users.push_back(frame);
      if (users.empty()) all.push_back(std::move(frame));
    }
  }
  std::vector<reports::Frame>& result = users.empty() ? all : users;
  result.resize(std::min(result.size(), most));
  return std::move(result);
}

}  // namespace harness
