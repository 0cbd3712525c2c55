// The documents that are written against verdict.schema.json.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <limits>
#include <sstream>

#include "reports/json.hpp"
#include "reports/samples.hpp"

#if defined(REPORTS_HAS_VALIJSON)
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#endif

namespace reports {
namespace {

// For the CTest entry that has Python look at it.
TEST(Schema, SampleIsWritten) {
  std::ofstream file(REPORTS_SAMPLE);
  file << write_report(samples::report());
  ASSERT_TRUE(file.flush()) << REPORTS_SAMPLE;
}

#if defined(REPORTS_HAS_VALIJSON)

// valijson reads numbers above 2^63 as negative ones; Python's validator gets them as they are.
void lower_big_numbers(nlohmann::json& value) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > most) value = most;
  if (!value.is_structured()) return;
  for (nlohmann::json& inner : value) lower_big_numbers(inner);
}

class SchemaTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file(REPORTS_SCHEMA);
    ASSERT_TRUE(file) << REPORTS_SCHEMA;
    const nlohmann::json text = nlohmann::json::parse(file);
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(text), schema_);
  }

  // "" where the document is valid.
  std::string errors(const Json& document) {
    nlohmann::json plain = nlohmann::json::parse(document.dump());
    lower_big_numbers(plain);
    valijson::Validator validator;
    valijson::ValidationResults results;
    if (validator.validate(schema_, valijson::adapters::NlohmannJsonAdapter(plain), &results))
      return {};
    std::string text;
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
      for (const std::string& part : error.context) text += part;
      text += ": " + error.description + "\n";
    }
    return text.empty() ? "invalid" : text;
  }

  std::string errors_with(const char* pointer, const Json& value) {
    Json document = to_json(samples::report());
    document[Json::json_pointer(pointer)] = value;
    return errors(document);
  }

  valijson::Schema schema_;
};

TEST_F(SchemaTest, AcceptsWhatIsWritten) {
  EXPECT_EQ(errors(to_json(samples::report())), "");
  Report none;
  none.tool_version = "0.1.0";
  EXPECT_EQ(errors(to_json(none)), "");
}

TEST_F(SchemaTest, WarningsAndLeaks) {
  Report report = samples::report();
  report.verdicts[0].warnings = {
      {"lock-order", "one takes B", report.verdicts[0].violation->accesses}};
  report.verdicts[0].bounds.leaks = true;
  EXPECT_EQ(errors(to_json(report)), "");
  report.verdicts[0].warnings[0].rule = "never-heard-of";
  EXPECT_NE(errors(to_json(report)), "");
}

TEST_F(SchemaTest, RefusesFieldsMissingAndTooMany) {
  for (const char* object :
       {"", "/verdicts/0", "/verdicts/0/violation", "/verdicts/0/violation/region",
        "/verdicts/0/violation/accesses/0", "/verdicts/0/trace/0", "/verdicts/0/trace/0/stack/0",
        "/verdicts/0/bounds", "/environment"}) {
    const Json document = to_json(samples::report());
    const Json::json_pointer place(object);
    for (const auto& [key, value] : document[place].items()) {
      Json broken = document;
      broken[place].erase(key);
      EXPECT_NE(errors(broken), "") << object << " without " << key;
    }
    Json broken = document;
    broken[place]["one_too_many"] = 1;
    EXPECT_NE(errors(broken), "") << object;
  }
}

TEST_F(SchemaTest, RefusesValuesOutOfRange) {
  EXPECT_NE(errors_with("/schema_version", 2), "");
  EXPECT_NE(errors_with("/verdicts/0/outcome", "passed"), "");
  EXPECT_NE(errors_with("/verdicts/0/mode", "fuzz"), "");
  EXPECT_NE(errors_with("/verdicts/0/violation/rule", "Freed Region"), "");
  EXPECT_NE(errors_with("/verdicts/0/expected", ""), "");
  EXPECT_NE(errors_with("/verdicts/0/executions", -1), "");
  EXPECT_NE(errors_with("/verdicts/0/executions", 1.5), "");
  EXPECT_NE(errors_with("/verdicts/0/freed_region_in_use", nullptr), "");
  EXPECT_NE(errors_with("/verdicts/0/violation/region/ended", "lost"), "");
  EXPECT_NE(errors_with("/environment/started", "yesterday"), "");
  EXPECT_EQ(errors_with("/environment/started", ""), "");
}

TEST_F(SchemaTest, OutcomeAndViolationBelongTogether) {
  EXPECT_NE(errors_with("/verdicts/0/violation", nullptr), "");
  const Json violation = to_json(samples::report())["verdicts"][0]["violation"];
  EXPECT_NE(errors_with("/verdicts/1/violation", violation), "");
  EXPECT_NE(errors_with("/verdicts/1/freed_region_in_use", true), "");
}

#endif

}  // namespace
}  // namespace reports
