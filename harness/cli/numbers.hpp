// Numbers as the user writes them: checked whole, checked for range, and refused with a sentence
// that names where they stand ("--seed", "HARNESS_SEED", "ci.ini:3: seed").
#pragma once

#include <cstdint>
#include <string_view>

namespace harness::cli {

// Throws UsageError: no digits, a sign, trailing text, out of [low, high].
std::uint64_t whole_number(std::string_view text, std::string_view origin, std::uint64_t low,
                           std::uint64_t high);
// 0 to `high`, fractions allowed; no "inf", "nan" or sign.
double seconds_number(std::string_view text, std::string_view origin, double high);
// true/false, yes/no, on/off, 1/0.
bool truth(std::string_view text, std::string_view origin);

}  // namespace harness::cli
