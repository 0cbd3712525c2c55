// An allocation trace: which thread asked for a slice of which class, and gave which one back, in
// the order in which it happened. Text, a line each:
//
//   allocation-trace 1                 the first line: the format and its version
//   writer-1 allocate 4096 1           thread, operation, bytes of the class, handle
//   reader release 4096 1              by whatever thread
//   reclaimer sweep                    free_unused_regions(), without class and handle
//   # a remark; empty lines are allowed too
//
// A thread's name is of lower case letters, digits and '-', and not "main". A handle is a number
// that names one allocation of the trace; it is released at most once, after its allocation. What
// is not so is refused with line, column, and what was expected there.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "allocator/allocator.hpp"

namespace traces {

enum class Operation : std::uint8_t { allocate, release, sweep };

struct Line {
  std::size_t thread = 0;  // index into Trace::threads
  Operation operation = Operation::sweep;
  std::size_t bytes = 0;
  std::size_t handle = 0;  // counted from 0 in the order of allocation, whatever the text says
};

struct Trace {
  std::vector<std::string> threads;  // in the order of appearance
  std::vector<Line> lines;
  std::size_t handles = 0;
};

class Malformed : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// Reads one trace; parse() below is the way to call it.
class Parser {
 public:
  Parser(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  Trace parse() {
    bool headed = false;
    while (next_line()) {
      if (const std::string_view word = next_word(); word.empty() || word.front() == '#') continue;
      at_ = word_;
      headed ? read_operation() : read_head();
      headed = true;
    }
    if (!headed) refuse_end("'allocation-trace 1' at the beginning");
    return std::move(trace_);
  }

 private:
  struct Handle {
    std::size_t number;
    std::size_t bytes;
    std::size_t allocated_on;
    std::size_t released_on = 0;
  };

  bool next_line() {
    if (end_ >= text_.size()) return false;
    const std::size_t begin = end_;
    const std::size_t newline = std::min(text_.find('\n', begin), text_.size());
    current_ = text_.substr(begin, newline - begin);
    if (!current_.empty() && current_.back() == '\r') current_.remove_suffix(1);
    end_ = newline + 1;
    ++line_;
    at_ = word_ = 0;
    return true;
  }

  // The next word of the line, empty where there is none; word_ is where it begins.
  std::string_view next_word() {
    constexpr std::string_view blanks = " \t";
    word_ = std::min(current_.find_first_not_of(blanks, at_), current_.size());
    at_ = std::min(current_.find_first_of(blanks, word_), current_.size());
    return current_.substr(word_, at_ - word_);
  }

  void read_head() {
    if (next_word() != "allocation-trace") refuse("'allocation-trace 1'");
    if (next_word() != "1") refuse("'1', the only version of the format there is");
    expect_end();
  }

  void read_operation() {
    Line line;
    line.thread = read_thread();
    const std::string_view operation = next_word();
    if (operation == "allocate") {
      line.operation = Operation::allocate;
      read_allocation(line);
    } else if (operation == "release") {
      line.operation = Operation::release;
      read_release(line);
    } else if (operation != "sweep") {
      refuse("'allocate', 'release' or 'sweep'");
    }
    expect_end();
    trace_.lines.push_back(line);
  }

  std::size_t read_thread() {
    const std::string name(next_word());
    const auto wrong = [](char c) {
      return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
    };
    if (name == "main" || std::any_of(name.begin(), name.end(), wrong)) {
      refuse("the name of a thread (lower case letters, digits and '-', not 'main')");
    }
    const auto known = std::find(trace_.threads.begin(), trace_.threads.end(), name);
    if (known == trace_.threads.end()) {
      trace_.threads.push_back(name);
      return trace_.threads.size() - 1;
    }
    return static_cast<std::size_t>(known - trace_.threads.begin());
  }

  void read_allocation(Line& line) {
    line.bytes = read_class();
    const std::uint64_t name = read_number("a handle, which is a number");
    const Handle handle{trace_.handles, line.bytes, line_};
    const auto [known, is_new] = handles_.emplace(name, handle);
    if (!is_new) {
      refuse("a handle that is not taken; line " + std::to_string(known->second.allocated_on) +
             " has allocated this one");
    }
    line.handle = trace_.handles++;
  }

  void read_release(Line& line) {
    line.bytes = read_class();
    const std::size_t class_at = word_;
    const auto known = handles_.find(read_number("a handle, which is a number"));
    if (known == handles_.end()) refuse("a handle that was allocated on an earlier line");
    Handle& handle = known->second;
    if (handle.released_on != 0) {
      refuse("a handle that is not released yet; line " + std::to_string(handle.released_on) +
             " has released this one");
    }
    if (handle.bytes != line.bytes) {
      word_ = class_at;
      at_ = std::min(current_.find_first_of(" \t", word_), current_.size());
      refuse("'" + std::to_string(handle.bytes) + "', the class that line " +
             std::to_string(handle.allocated_on) + " has allocated the handle from");
    }
    handle.released_on = line_;
    line.handle = handle.number;
  }

  std::size_t read_class() {
    const char* const expected = "bytes of a size class (4096, 8192, ... 262144)";
    const std::uint64_t bytes = read_number(expected);
    const auto& classes = allocator::size_classes;
    if (std::find(classes.begin(), classes.end(), bytes) == classes.end()) refuse(expected);
    return bytes;
  }

  std::uint64_t read_number(const char* expected) {
    const std::string_view word = next_word();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size()) refuse(expected);
    return number;
  }

  [[noreturn]] void refuse_end(const std::string& expected) {
    line_ = std::max<std::size_t>(line_, 1);
    at_ = word_ = current_.size();
    refuse(expected);
  }

  void expect_end() {
    if (!next_word().empty()) refuse("the end of the line");
  }

  [[noreturn]] void refuse(const std::string& expected) const {
    const std::string_view found = current_.substr(word_, at_ - word_);
    throw Malformed(std::string(source_) + ", line " + std::to_string(line_) + ", column " +
                    std::to_string(word_ + 1) + ": expected " + expected + ", found " +
                    (found.empty() ? "the end of the line" : "'" + std::string(found) + "'"));
  }

  std::string_view text_;
  std::string_view source_;
  std::string_view current_;  // line
  std::size_t end_ = 0;       // of it, in the text
  std::size_t line_ = 0;      // its number
  std::size_t word_ = 0;      // where the last word begins,
  std::size_t at_ = 0;        // and where it has ended
  Trace trace_;
  std::map<std::uint64_t, Handle> handles_;
};

// Throws Malformed; `source` is how the trace is called in its sentence.
inline Trace parse(std::string_view text, std::string_view source) {
  return Parser(text, source).parse();
}

// Writes lines of a trace down; the caller sees to it that one line comes after the other.
class Writer {
 public:
  void allocate(std::string_view thread, std::size_t bytes, std::uint64_t handle) {
    line(thread, "allocate", bytes, handle);
  }
  void release(std::string_view thread, std::size_t bytes, std::uint64_t handle) {
    line(thread, "release", bytes, handle);
  }
  void sweep(std::string_view thread) { text_ += std::string(thread) + " sweep\n"; }
  const std::string& text() const { return text_; }

 private:
  void line(std::string_view thread, const char* operation, std::size_t bytes,
            std::uint64_t handle) {
    text_ += std::string(thread) + " " + operation + " " + std::to_string(bytes) + " " +
             std::to_string(handle) + "\n";
  }

  std::string text_ = "allocation-trace 1\n";
};

}  // namespace traces
