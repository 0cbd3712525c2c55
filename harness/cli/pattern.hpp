// Patterns that choose scenarios and variants, by the rules of GoogleTest's filter: '*' is any
// text, '?' any one character, ':' stands between alternatives, and after '-' come those to leave
// out.
//
// Our names contain '-' themselves. It begins the part to leave out where it starts an alternative
// ("*:-double-release", "-double-release"), and also, as in GoogleTest, in the middle of one that
// names nothing as it stands while its two halves do ("*-double-release").
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace harness::cli {

bool glob_matches(std::string_view glob, std::string_view name);

// Those of `names` that the pattern chooses, in their order. `kind` is what messages call them
// ("scenario"). Throws UsageError: a plain name that is not among them (with the nearest one), a
// pattern that chooses nothing.
std::vector<std::string> choose(std::string_view pattern, const std::vector<std::string>& names,
                                std::string_view kind);

}  // namespace harness::cli
