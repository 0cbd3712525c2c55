// Nearness of names, by the optimal string alignment distance.
#include "harness/engine/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace harness {
namespace {

constexpr std::size_t longest_name = 200;  // beyond it a name is no slip of anything
constexpr std::size_t most_listed = 24;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string lower(std::string_view text) {
  std::string result;
  for (const char letter : text) result += lower(letter);
  return result;
}

// Insertions, deletions, changes and swaps of neighbours that lead from one to the other.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before(to.size() + 1), last(to.size() + 1), row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t change = from[i - 1] == to[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[to.size()];
}

// The only name that begins with `start`, "" where there is none or several.
std::string completed(std::string_view start, const std::vector<std::string>& known) {
  constexpr std::size_t telling = 3;
  if (start.size() < telling) return {};
  std::string found;
  for (const std::string& name : known) {
    if (!lower(name).starts_with(start)) continue;
    if (!found.empty()) return {};
    found = name;
  }
  return found;
}

}  // namespace

std::string nearest(std::string_view wrong, const std::vector<std::string>& known) {
  if (wrong.empty() || wrong.size() > longest_name) return {};
  const std::string typed = lower(wrong);
  std::string best;
  std::size_t best_distance = longest_name;
  for (const std::string& name : known) {
    if (name.size() > longest_name) continue;
    // A third of the letters may be wrong; of a name of two letters, none but their case.
    const std::size_t allowed = std::max(typed.size(), name.size()) / 3;
    const std::size_t away = distance(typed, lower(name));
    if (away > allowed || away >= best_distance) continue;
    best = name;
    best_distance = away;
  }
  return best.empty() ? completed(typed, known) : best;
}

std::string unknown(std::string_view what, std::string_view wrong,
                    const std::vector<std::string>& known) {
  std::string text = fmt::format("unknown {} '{}'", what, wrong);
  if (const std::string near = nearest(wrong, known); !near.empty())
    text += fmt::format("; did you mean '{}'?", near);
  if (known.empty()) return text + " (there is none)";
  const std::size_t listed = std::min(known.size(), most_listed);
  text += fmt::format(
      " (known: {}",
      fmt::join(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(listed), ", "));
  if (listed < known.size()) text += fmt::format(" and {} more", known.size() - listed);
  return text + ")";
}

}  // namespace harness
