#include "harness/explore/function_stops.hpp"

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "harness/explore/symbolize.hpp"
#include "harness/strategies/function_name.hpp"

namespace harness {
namespace {

std::vector<std::string> wanted;
std::map<std::uintptr_t, const char*> known;
std::deque<std::string> names;

// The innermost frame: a function that was inlined has no boundary of its own.
const char* name_at(std::uintptr_t where) {
  const auto [entry, is_new] = known.try_emplace(where, nullptr);
  if (!is_new) return entry->second;
  const std::string function = frames_at(where).back().function;
  for (const std::string& name : wanted)
    if (names_function(name, function)) {
      names.push_back(function);
      entry->second = names.back().c_str();
    }
  return entry->second;
}

}  // namespace

Engine::FunctionName stop_at_functions(const Schedule& schedule) {
  wanted.clear();
  known.clear();
  for (const ScheduleItem& item : schedule)
    if (item.until == ScheduleItem::Until::enter || item.until == ScheduleItem::Until::leave)
      wanted.push_back(item.label);
  return wanted.empty() ? nullptr : name_at;
}

}  // namespace harness
