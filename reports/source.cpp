#include "reports/source.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

namespace reports {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t largest_source = std::uintmax_t{8} << 20;
constexpr int most_levels = 5;  // of directories upwards

bool is_source(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  const std::uintmax_t size = fs::file_size(path, error);
  return !error && size <= largest_source;
}

fs::path found(const std::string& name) {
  if (is_source(name)) return name;
  std::string relative = name;
  while (relative.starts_with("../") || relative.starts_with("./"))
    relative.erase(0, relative.find('/') + 1);
  if (relative.empty() || relative.front() == '/') return {};
  std::error_code error;
  const fs::path executable = fs::read_symlink("/proc/self/exe", error);
  for (fs::path from : {fs::current_path(error), executable.parent_path()})
    for (int level = 0; level < most_levels && !from.empty(); ++level) {
      if (is_source(from / relative)) return from / relative;
      from = from.parent_path();
    }
  return {};
}

const std::vector<std::string>& lines_of(const std::string& name) {
  static std::map<std::string, std::vector<std::string>> known;
  const auto [entry, is_new] = known.try_emplace(name);
  if (!is_new) return entry->second;
  if (const fs::path path = found(name); !path.empty()) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) entry->second.push_back(line);
  }
  return entry->second;
}

}  // namespace

std::string source_line(const Frame& frame) {
  if (frame.file.empty() || frame.line <= 0) return {};
  const auto& lines = lines_of(frame.file);
  const auto index = static_cast<std::size_t>(frame.line) - 1;
  if (index >= lines.size()) return {};
  constexpr const char* space = " \t\r";
  const std::string& line = lines[index];
  const std::size_t first = line.find_first_not_of(space);
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(space) + 1 - first);
}

}  // namespace reports
