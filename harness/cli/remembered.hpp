// What the corpus has to do with a run: its schedules are replayed before a variant is searched,
// and what the search finds is kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/cli/backend.hpp"
#include "harness/cli/corpus.hpp"
#include "harness/cli/options.hpp"
#include "harness/scenario.hpp"
#include "reports/verdict.hpp"

namespace harness::cli {

class Remembered {
 public:
  // Reads the corpus that the command line names, if one is wanted.
  explicit Remembered(const CommandLine& line);
  // About the directory and the files in it; once.
  const std::vector<std::string>& warnings() const { return warnings_; }

  struct Replayed {
    // A verdict that is not what the variant is declared to come out as: there is nothing to
    // search.
    std::optional<reports::Verdict> verdict;
    std::vector<std::string> notes;  // for the document; what is worth a line on the terminal first
    std::size_t worth_saying = 0;    // so many of them
  };
  Replayed replay(const Scenario& scenario, const Variant& variant, const Request& request);
  // "" or why it could not be kept.
  [[nodiscard]] std::string keep(const reports::Verdict& verdict, const Request& request);

 private:
  enum class Fate { fails, adapted, stale };
  Fate replay_one(CorpusEntry& entry, const Scenario& scenario, const Variant& variant,
                  const Request& request, reports::Verdict& verdict);

  std::string directory_;  // "" where none is wanted
  std::vector<CorpusEntry> entries_;
  std::vector<std::string> warnings_;
};

}  // namespace harness::cli
