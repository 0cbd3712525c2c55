#include "harness/cli/corpus.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/cli/files.hpp"
#include "harness/engine/errors.hpp"
#include "harness/engine/schedule.hpp"
#include "reports/text.hpp"

namespace harness::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int corpus_version = 1;
constexpr std::size_t largest_entry = std::size_t{16} << 20;
constexpr std::uint64_t most_steps = 10'000'000;

std::uint64_t hash_of(const CorpusEntry& entry) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;  // FNV-1a
  const auto add = [&](const std::string& text) {
    for (const char c : text + '\n')
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3;
  };
  for (const std::string& text : {entry.scenario, entry.variant, entry.rule}) add(text);
  for (const std::string& function : entry.functions) add(function);
  return hash;
}

std::string file_name(const CorpusEntry& entry) {
  std::string name = fmt::format("{}.{}.{}.{:016x}.json", entry.scenario, entry.variant, entry.rule,
                                 hash_of(entry));
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20; }, '_');
  return name;
}

Json to_json(const CorpusEntry& entry) {
  using reports::valid_utf8;
  Json functions = Json::array();
  for (const std::string& function : entry.functions) functions.push_back(valid_utf8(function));
  Json turns = Json::array();
  for (const Turn& turn : entry.turns)
    turns.push_back({{"task", valid_utf8(turn.task)},
                     {"op", valid_utf8(turn.op)},
                     {"place", valid_utf8(turn.place)},
                     {"occurrence", turn.occurrence}});
  return {{"corpus_version", corpus_version},
          {"scenario", valid_utf8(entry.scenario)},
          {"variant", valid_utf8(entry.variant)},
          {"rule", valid_utf8(entry.rule)},
          {"functions", std::move(functions)},
          {"seed", entry.seed},
          {"max_steps", entry.max_steps},
          {"schedule", valid_utf8(entry.schedule)},
          {"turns", std::move(turns)},
          {"stale", entry.stale}};
}

CorpusEntry from_json(const Json& document) {
  CorpusEntry entry;
  document.at("scenario").get_to(entry.scenario);
  document.at("variant").get_to(entry.variant);
  document.at("rule").get_to(entry.rule);
  document.at("functions").get_to(entry.functions);
  document.at("seed").get_to(entry.seed);
  document.at("max_steps").get_to(entry.max_steps);
  document.at("schedule").get_to(entry.schedule);
  document.at("stale").get_to(entry.stale);
  for (const Json& turn : document.at("turns")) {
    Turn one;
    turn.at("task").get_to(one.task);
    turn.at("op").get_to(one.op);
    turn.at("place").get_to(one.place);
    turn.at("occurrence").get_to(one.occurrence);
    entry.turns.push_back(std::move(one));
  }
  return entry;
}

void check(const CorpusEntry& entry) {
  if (entry.scenario.empty() || entry.variant.empty() || entry.rule.empty())
    throw UsageError("a name in it is empty");
  if (entry.max_steps == 0 || entry.max_steps > most_steps)
    throw UsageError(fmt::format("max_steps must be from 1 to {}", most_steps));
  parse_schedule(entry.schedule);
}

// Throws something with a sentence.
CorpusEntry read_entry(const fs::path& path) {
  if (fs::file_size(path) > largest_entry) throw UsageError("it is larger than 16 MiB");
  const Json document = Json::parse(read_file(path.string(), "corpus"), nullptr, false);
  if (document.is_discarded()) throw UsageError("it is no JSON, or was cut off");
  if (!document.is_object() || !document.contains("corpus_version"))
    throw UsageError("it is JSON, but not of a corpus");
  if (document["corpus_version"] != corpus_version)
    throw UsageError("it is of another version of the tool");
  CorpusEntry entry = from_json(document);
  check(entry);
  entry.file = path.string();
  return entry;
}

std::string problem_of(const fs::path& path, const std::string& what) {
  return reports::printable(fmt::format("corpus: '{}' is left alone: {}", path.string(), what),
                            true);
}

std::string line_of(const CorpusEntry& entry) {
  return reports::printable(fmt::format("{}{}/{}  {}  {}", entry.stale ? "stale  " : "fails  ",
                                        entry.scenario, entry.variant, entry.rule, entry.schedule),
                            true) +
         "\n";
}

void print(int descriptor, const std::string& text) {
  static_cast<void>(write_all(descriptor, text));
}

struct Asked {
  std::string action;
  std::string directory = "reports/corpus";
};

Asked read_arguments(const std::vector<std::string>& arguments) {
  const char* const usage =
      "write: harness corpus list, or harness corpus prune, with --corpus DIR "
      "where it is not reports/corpus";
  Asked asked;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--corpus" && i + 1 < arguments.size() && !arguments[i + 1].empty())
      asked.directory = arguments[++i];
    else if (word.starts_with("--corpus=") && word.size() > 9)
      asked.directory = word.substr(9);
    else if (asked.action.empty() && (word == "list" || word == "prune"))
      asked.action = word;
    else
      throw UsageError(fmt::format("corpus: '{}' is not understood; {}", word, usage));
  }
  if (asked.action.empty()) throw UsageError(fmt::format("corpus: list or prune? {}", usage));
  return asked;
}

}  // namespace

Corpus read_corpus(const std::string& directory) {
  Corpus corpus;
  std::error_code error;
  if (!fs::exists(directory, error) && !error) return corpus;
  std::vector<fs::path> files;
  fs::directory_iterator end;
  for (fs::directory_iterator at(directory, error); !error && at != end; at.increment(error))
    files.push_back(at->path());
  if (error)
    corpus.problems.push_back(
        fmt::format("corpus: '{}' cannot be read: {}", directory, error.message()));
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    if (file.filename().string().starts_with(".")) continue;  // being written
    try {
      if (!fs::is_regular_file(file)) throw UsageError("it is no file");
      corpus.entries.push_back(read_entry(file));
    } catch (const nlohmann::json::exception&) {
      corpus.problems.push_back(problem_of(file, "a field is missing, or not what it must be"));
    } catch (const std::exception& problem) {
      corpus.problems.push_back(problem_of(file, problem.what()));
    }
  }
  return corpus;
}

std::string path_of(const std::string& directory, const CorpusEntry& entry) {
  return (fs::path(directory) / file_name(entry)).string();
}

std::string write_entry(const CorpusEntry& entry) {
  const std::string directory = fs::path(entry.file).parent_path().string();
  if (std::string problem = make_directory(directory); !problem.empty()) return problem;
  return write_file(entry.file, to_json(entry).dump(2) + "\n");
}

std::string remove_entry(const CorpusEntry& entry) {
  return unlink(entry.file.c_str()) == 0 || errno == ENOENT ? "" : std::strerror(errno);
}

int corpus_command(const std::vector<std::string>& arguments) {
  const Asked asked = read_arguments(arguments);
  const Corpus corpus = read_corpus(asked.directory);
  for (const std::string& problem : corpus.problems)
    print(STDERR_FILENO, "harness: " + problem + "\n");
  int code = 0;
  std::size_t removed = 0;
  for (const CorpusEntry& entry : corpus.entries) {
    if (asked.action == "list") {
      print(STDOUT_FILENO, line_of(entry));
    } else if (entry.stale) {
      const std::string problem = remove_entry(entry);
      if (problem.empty()) ++removed;
      if (problem.empty()) continue;
      print(STDERR_FILENO,
            fmt::format("harness: '{}' cannot be removed: {}\n", entry.file, problem));
      code = 3;
    }
  }
  if (asked.action == "list" && corpus.entries.empty())
    print(STDERR_FILENO, fmt::format("harness: nothing is kept in '{}'\n", asked.directory));
  if (asked.action == "prune")
    print(STDOUT_FILENO,
          fmt::format("{} removed, {} kept\n", removed, corpus.entries.size() - removed));
  return code;
}

}  // namespace harness::cli
