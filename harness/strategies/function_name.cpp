// Which function a person means, as far as its spelling tells: parameters, return type and template
// arguments are left out unless they are asked for.
#include "harness/strategies/function_name.hpp"

#include <algorithm>
#include <string>

namespace harness {
namespace {

// Where "<...>" that begins at `open` is over; `open` itself where it is no argument list but part
// of an operator's name.
std::size_t after_arguments(std::string_view name, std::size_t open) {
  constexpr std::string_view word = "operator";
  std::size_t symbol = open;
  while (symbol > 0 && name[symbol - 1] == '<') --symbol;
  if (name.substr(0, symbol).ends_with(word)) return open;
  int depth = 0;
  for (std::size_t i = open; i < name.size(); ++i) {
    depth += name[i] == '<' ? 1 : name[i] == '>' ? -1 : 0;
    if (depth == 0) return i + 1;
  }
  return name.size();
}

// Without parameters and what follows them, and, unless they are wanted, without template
// arguments.
std::string bare_name(std::string_view function, bool keep_arguments) {
  constexpr std::string_view anonymous = "(anonymous namespace)";
  std::string name;
  for (std::size_t i = 0; i < function.size();) {
    if (function.substr(i).starts_with(anonymous)) {
      name += anonymous;
      i += anonymous.size();
    } else if (function[i] == '(' && name.ends_with("operator")) {
      name += "()";
      i += 2;
    } else if (function[i] == '(') {
      break;
    } else {
      const std::size_t after = function[i] == '<' ? after_arguments(function, i) : i;
      if (after == i) name += function[i++];
      if (after > i && keep_arguments) name += function.substr(i, after - i);
      i = std::max(i, after);
    }
  }
  return name;
}

}  // namespace

bool names_function(std::string_view wanted, std::string_view function) {
  const bool keep_arguments = wanted.find('<') != std::string_view::npos;
  const std::string name = bare_name(function, keep_arguments);
  if (wanted.empty() || !std::string_view(name).ends_with(wanted)) return false;
  if (name.size() == wanted.size()) return true;
  // What stands before it is an outer scope or a return type, not the rest of a longer word.
  const std::string_view before = std::string_view(name).substr(0, name.size() - wanted.size());
  return before.ends_with("::") || before.back() == ' ' || before.back() == '*' ||
         before.back() == '&';
}

}  // namespace harness
