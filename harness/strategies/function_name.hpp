// How "@enter:SlicePool::poll" in a schedule finds its function.
#pragma once

#include <string_view>

namespace harness {

// Whether the function as a symbol table spells it, "int pool::SlicePool<4>::poll(bool) const", is
// the one that a person means by `wanted`: "poll", "SlicePool::poll", "pool::SlicePool<4>::poll".
bool names_function(std::string_view wanted, std::string_view function);

}  // namespace harness
