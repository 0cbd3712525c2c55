// The corpus: a directory of failing schedules, a file each, that are replayed before anything else
// is tried. A file holds names, a schedule and how to find its way back when the code has changed;
// all of it is checked as if it had been typed. What else lies in the directory is left alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/explore/adapt.hpp"

namespace harness::cli {

struct CorpusEntry {
  std::string file;  // its path
  std::string scenario, variant, rule;
  std::vector<std::string> functions;  // of the guilty accesses: another place is another entry
  std::uint64_t seed = 1;
  std::uint64_t max_steps = 0;
  std::string schedule;
  std::vector<Turn> turns;
  bool stale = false;  // when it was replayed last it did not fail, even when adapted
};

struct Corpus {
  std::vector<CorpusEntry> entries;   // by file name
  std::vector<std::string> problems;  // a sentence for each file that is none, or is broken
};

// A directory that is not there is empty; one that cannot be read is a problem.
Corpus read_corpus(const std::string& directory);
// Where an entry of this scenario, variant, rule and place belongs.
std::string path_of(const std::string& directory, const CorpusEntry& entry);
// To its path; makes the directory. "" or what went wrong.
[[nodiscard]] std::string write_entry(const CorpusEntry& entry);
[[nodiscard]] std::string remove_entry(const CorpusEntry& entry);

// `harness corpus list|prune [--corpus DIR]`: the exit code. Throws UsageError.
int corpus_command(const std::vector<std::string>& arguments);

}  // namespace harness::cli
