// The JSON form of a report, both ways. What is written here is what verdict.schema.json describes;
// everything that differs between two runs of one seed stands in "environment" and nowhere else.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "reports/verdict.hpp"

namespace reports {

using Json = nlohmann::ordered_json;

// A text that is no report of this version: a sentence that says where and what.
class BadReport : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Strings that are not UTF-8 get U+FFFD where they are not; numbers that JSON cannot express become
// 0.
Json to_json(const Verdict& verdict);
Json to_json(const Report& report);

// The document as it is written to a file: short values on one line, ends in a newline.
std::string write_report(const Report& report);

// Throws BadReport. `name` is what messages call the text: the name of its file. Unknown fields are
// ignored.
Report read_report(std::string_view text, std::string_view name);

}  // namespace reports
