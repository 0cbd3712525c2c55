// "unknown option '--sed'; did you mean '--seed'?" without the list of all that are known, which is
// long for options; the list is given only where nothing is near.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace harness::cli {

std::string unknown_briefly(std::string_view what, std::string_view wrong,
                            const std::vector<std::string>& known);

}  // namespace harness::cli
