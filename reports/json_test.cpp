#include "reports/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reports/samples.hpp"

namespace reports {
namespace {

std::string message_of(const std::string& text) {
  try {
    read_report(text, "r.json");
  } catch (const BadReport& error) {
    return error.what();
  }
  return "accepted";
}

std::string with(const char* pointer, const Json& value) {
  Json document = to_json(samples::report());
  document[Json::json_pointer(pointer)] = value;
  return document.dump();
}

TEST(JsonReport, RoundTrips) {
  const Report report = samples::report();
  const std::string text = write_report(report);
  EXPECT_EQ(text.find("{\n  \"schema_version\": 1,\n"), 0U);
  EXPECT_EQ(text.back(), '\n');
  const Report again = read_report(text, "r.json");
  EXPECT_EQ(again, report);
  EXPECT_EQ(write_report(again), text);
}

TEST(JsonReport, EmptyReportRoundTrips) {
  const Report empty;
  EXPECT_EQ(read_report(write_report(empty), "r.json"), empty);
}

TEST(JsonReport, BigNumbersStayIntegers) {
  Report report = samples::report();
  report.seed = std::numeric_limits<std::uint64_t>::max();
  report.verdicts[0].counters["most"] = (std::uint64_t{1} << 63) + 1;
  const std::string text = write_report(report);
  EXPECT_NE(text.find("\"seed\": 18446744073709551615"), std::string::npos);
  EXPECT_NE(text.find("9223372036854775809"), std::string::npos);
  EXPECT_EQ(read_report(text, "r.json"), report);
}

TEST(JsonReport, UnboundedPreemptionsAreNull) {
  Report report = samples::report();
  report.verdicts[0].bounds.preemptions = -1;
  EXPECT_TRUE(to_json(report)["verdicts"][0]["bounds"]["preemptions"].is_null());
  EXPECT_EQ(read_report(write_report(report), "r.json").verdicts[0].bounds.preemptions, -1);
}

TEST(JsonReport, WarningsAndLeaksComeBackAndAreLeftOutWhereThereAreNone) {
  Report report = samples::report();
  EXPECT_FALSE(to_json(report)["verdicts"][0].contains("warnings"));
  EXPECT_FALSE(to_json(report)["verdicts"][0]["bounds"].contains("leaks"));
  report.verdicts[0].warnings = {
      {"lock-order", "one takes B while it holds A", report.verdicts[0].violation->accesses}};
  report.verdicts[0].bounds.leaks = true;
  EXPECT_EQ(to_json(report)["verdicts"][0]["warnings"][0]["rule"], "lock-order");
  EXPECT_EQ(read_report(write_report(report), "r.json"), report);
}

TEST(JsonReport, BytesThatAreNoTextAreReplacedEverywhere) {
  Report report = samples::report();
  const std::string bad = "a\xff\xc0\x80z\0b";
  Verdict& verdict = report.verdicts[0];
  verdict.scenario = bad;
  verdict.violation->message = verdict.violation->sanitizer = bad;
  verdict.violation->accesses[0].stack[0].function = bad;
  verdict.trace[0].task = verdict.trace[0].detail = bad;
  verdict.counters[bad] = 1;
  report.environment.host = bad;
  report.environment.rates[bad] = 2;
  const Report again = read_report(write_report(report), "r.json");
  EXPECT_EQ(again.verdicts[0].scenario, "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
}

TEST(JsonReport, NumbersThatJsonLacksBecomeZero) {
  Report report = samples::report();
  report.environment.seconds = std::nan("");
  report.environment.rates["x"] = std::numeric_limits<double>::infinity();
  const Report again = read_report(write_report(report), "r.json");
  EXPECT_EQ(again.environment.seconds, 0);
  EXPECT_EQ(again.environment.rates.at("x"), 0);
}

TEST(JsonReport, ControlCharactersSurvive) {
  Report report = samples::report();
  report.verdicts[0].violation->sanitizer = "a\n\t\x1b[31m\x01 \"quoted\" \\ </script>";
  EXPECT_EQ(read_report(write_report(report), "r.json"), report);
}

TEST(JsonReport, WhatDiffersBetweenRunsStandsInTheEnvironmentOnly) {
  Report one = samples::report();
  Report two = one;
  two.environment = {};
  two.environment.host = "another";
  Json a = to_json(one);
  Json b = to_json(two);
  EXPECT_NE(a, b);
  a.erase("environment");
  b.erase("environment");
  EXPECT_EQ(a.dump(), b.dump());
}

// Every value of a document, by its place.
void walk(const Json& value, const std::string& pointer, std::vector<std::string>& places) {
  if (!pointer.empty()) places.push_back(pointer);
  if (!value.is_structured()) return;
  for (const auto& [key, inner] : value.items()) {
    std::string escaped;
    for (const char c : key) escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    walk(inner, pointer + "/" + escaped, places);
  }
}

std::vector<std::string> places_of_sample() {
  std::vector<std::string> places;
  walk(to_json(samples::report()), "", places);
  return places;
}

std::string last_part(const std::string& pointer) { return pointer.substr(pointer.rfind('/') + 1); }

bool is_free_key(const std::string& pointer) {
  for (const char* map : {"/counters/", "/rates/", "/seconds_by_verdict/"}) {
    if (pointer.find(map) != std::string::npos) return true;
  }
  return false;
}

TEST(JsonReport, EveryMissingFieldIsNamed) {
  std::size_t tried = 0;
  for (const std::string& place : places_of_sample()) {
    const std::string key = last_part(place);
    if (key.find_first_not_of("0123456789") == std::string::npos || is_free_key(place)) continue;
    Json document = to_json(samples::report());
    const std::string parent = place.substr(0, place.rfind('/'));
    document[Json::json_pointer(parent)].erase(key);
    const std::string message = message_of(document.dump());
    EXPECT_NE(message.find("missing"), std::string::npos) << place << ": " << message;
    EXPECT_NE(message.find(key), std::string::npos) << place << ": " << message;
    ++tried;
  }
  EXPECT_GT(tried, 200U);
}

TEST(JsonReport, EveryValueOfTheWrongTypeIsNamed) {
  for (const std::string& place : places_of_sample()) {
    for (const Json& wrong : {Json::array({1}), Json::object({{"a", 1}}), Json(-1), Json(true),
                              Json("text"), Json(1.5)}) {
      const Json right = to_json(samples::report())[Json::json_pointer(place)];
      // A free string takes any string, a number field any number, and so on.
      if (wrong.type() == right.type()) continue;
      if (right.is_number_float() && wrong.is_number()) continue;
      if (place == "/schema_version") continue;
      const std::string message = message_of(with(place.c_str(), wrong));
      // Arrays in place of arrays and objects in place of objects were skipped: all others differ.
      EXPECT_NE(message, "accepted") << place << " = " << wrong;
      EXPECT_EQ(message.find("r.json: "), 0U) << message;
    }
  }
}

TEST(JsonReport, MessagesSayWhereAndWhat) {
  EXPECT_EQ(message_of(""), "r.json: the file is empty, not a report");
  EXPECT_EQ(message_of(" \n\t"), "r.json: the file is empty, not a report");
  EXPECT_EQ(message_of("{\n  \"a\": 1,\n  x\n}"),
            "r.json: not JSON: line 3, column 3: this is not what JSON allows here");
  EXPECT_EQ(message_of("{\"a\": "),
            "r.json: not JSON: line 1, column 7: the text ends in the middle "
            "of a value");
  EXPECT_EQ(message_of("[]"), "r.json: JSON, but no report: the field schema_version is missing");
  EXPECT_EQ(message_of("{}"), "r.json: JSON, but no report: the field schema_version is missing");
  EXPECT_EQ(
      message_of("{\"schema_version\": 2}"),
      "r.json: schema_version is 2, and this version of the tool reads 1; make the report anew");
  EXPECT_EQ(message_of("{\"schema_version\": {\"a\": 1}}"),
            "r.json: schema_version is no number, and this version of the tool reads 1; make the "
            "report anew");
  EXPECT_EQ(
      message_of(with("/verdicts/1/outcome", "passed")),
      "r.json: verdicts[1].outcome must be pass, violation, inconclusive or error, not \"passed\"");
  EXPECT_EQ(
      message_of(with("/verdicts/0/violation/step", -1)),
      "r.json: verdicts[0].violation.step must be a whole number from 0 to 4294967295, not -1");
  EXPECT_EQ(
      message_of(with("/verdicts/0/trace/3/stack/0/line", "12")),
      "r.json: verdicts[0].trace[3].stack[0].line must be a whole number from 0 to 2147483647, "
      "not \"12\"");
  EXPECT_EQ(
      message_of(with("/verdicts/0/violation", nullptr)),
      "r.json: verdicts[0].violation must be an object, because the outcome is \"violation\"");
  EXPECT_EQ(message_of(with("/verdicts", 7)), "r.json: verdicts must be an array, not 7");
  EXPECT_EQ(message_of(with("/verdicts/2", nullptr)),
            "r.json: verdicts[2] must be an object, not null");
  EXPECT_EQ(message_of(with("/seed", 1e30)),
            "r.json: seed must be a whole number from 0 to 18446744073709551615, not 1e+30");
}

TEST(JsonReport, LongValuesAreCutInMessages) {
  const std::string message = message_of(with("/seed", std::string(1 << 20, 'x')));
  EXPECT_LT(message.size(), 200U);
}

TEST(JsonReport, EveryPrefixIsRefused) {
  const std::string text = write_report(samples::report());
  for (std::size_t length = 0; length + 2 < text.size(); length += 7) {
    EXPECT_NE(message_of(text.substr(0, length)), "accepted") << length;
  }
}

TEST(JsonReport, DeepNestingAndManyFieldsAreHarmless) {
  const std::string deep(200'000, '[');
  EXPECT_EQ(message_of(deep).find("r.json: not JSON"), 0U);
  const std::string closed = deep + std::string(200'000, ']');
  EXPECT_NE(message_of(closed), "accepted");
  std::string wide = "{\"schema_version\": 2";
  for (int i = 0; i < 100'000; ++i) wide += ",\"k" + std::to_string(i) + "\":0";
  EXPECT_NE(message_of(wide + "}"), "accepted");
}

TEST(JsonReport, UnknownFieldsAreIgnoredAndByteOrderMarkToo) {
  EXPECT_EQ(message_of(with("/more", 1)), "accepted");
  EXPECT_EQ(message_of("\xef\xbb\xbf" + write_report(samples::report())), "accepted");
}

}  // namespace
}  // namespace reports
