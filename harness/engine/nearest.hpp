// "Did you mean": the known name that is nearest to a wrong one, and the sentence around it. Used
// wherever a person types a name: strategies, scenarios, options, tasks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace harness {

// The name of `known` that `wrong` is most likely a slip of: few letters away (left out, added,
// changed, or two swapped), or the only one that begins with it. "" if nothing is near.
std::string nearest(std::string_view wrong, const std::vector<std::string>& known);

// "unknown strategy 'rnadom'; did you mean 'random'? (known: dfs, random)"
std::string unknown(std::string_view what, std::string_view wrong,
                    const std::vector<std::string>& known);

}  // namespace harness
