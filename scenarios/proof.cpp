// proof: no race in particular, but every interleaving of a few tasks over a pool as small as can
// be: regions of two words of two slices, the very code of `claimed`. A variant's name is what its
// tasks do, one after the other with '-' between them:
//
//   borrow   takes a slice, uses it, gives it back      return   gives back what main took
//   sweep    free_unused_regions()                      close    close()
//
// In the beginning one region is mapped and free, but for what is to be returned (the last of it),
// and the budget allows no second one. Words before the tasks say otherwise:
//
//   full-   main has every slice, and the budget allows a second region
//   tight-  main has every slice, and the budget allows no second region
//   two-    two regions are mapped and free, and the budget allows no third one
//
// How far each variant was searched, and what that took, stands in allocator/README.md.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/planted.hpp"

namespace {

using namespace scenarios;

struct Program {
  std::size_t budget_regions = 1;
  std::size_t mapped_regions = 1;
  bool all_out = false;
  std::vector<std::string_view> tasks;
};

Program program_of(std::string_view variant) {
  Program program;
  while (!variant.empty()) {
    const std::size_t end = std::min(variant.find('-'), variant.size());
    const std::string_view word = variant.substr(0, end);
    variant.remove_prefix(std::min(end + 1, variant.size()));
    if (word == "two") {
      program.budget_regions = program.mapped_regions = 2;
    } else if (word == "full" || word == "tight") {
      program.budget_regions = word == "full" ? 2 : 1;
      program.all_out = true;
    } else {
      program.tasks.push_back(word);
    }
  }
  return program;
}

// What main has of the pool: at first every slice of the regions that are to be mapped.
class Held {
 public:
  Held(ObservedPool& pool, const Program& program) : pool_(pool) {
    slices_.resize(program.mapped_regions * two_words / page);
    for (auto& slice : slices_) slice = pool.allocate(page);
    returned_ = slices_[two_words / page - 1];
    const bool is_returned =
        std::find(program.tasks.begin(), program.tasks.end(), "return") != program.tasks.end();
    if (is_returned) slices_.erase(slices_.begin() + two_words / page - 1);
    if (!program.all_out) give_back();
  }
  void give_back() {
    for (const auto& slice : slices_) pool_.release(slice);
    slices_.clear();
  }
  const allocator::Slice& returned() const { return returned_; }

 private:
  ObservedPool& pool_;
  std::vector<allocator::Slice> slices_;
  allocator::Slice returned_;
};

std::function<void()> body_of(std::string_view task, ObservedPool& pool,
                              const allocator::Slice& taken, bool& closed) {
  if (task == "borrow") return [&pool] { ask(pool, 0xb0); };
  if (task == "sweep") return [&pool] { pool.free_unused_regions(); };
  if (task == "return") {
    return [&pool, &taken] {
      use(taken, 0x4e);
      pool.release(taken);
    };
  }
  closed = true;
  return [&pool] { pool.close(); };
}

void check_open(ObservedPool& pool) {
  check_nothing_lost<two_words / page>(pool);
  pool.check_accounts(0);
  pool.check_verified();
  pool.close();
}

void check_closed(ObservedPool& pool) {
  if (ask(pool, 0xc1)) {
    harness::observe::violated("use-after-close", "a closed pool served a request");
  }
  pool.check_accounts(0);
  pool.check_verified();
  if (pool.statistics().mapped_bytes != 0) {
    harness::observe::violated("leak", "all is back in a closed pool, and memory is mapped");
  }
}

void play(harness::Execution& run, std::string_view variant) {
  const Program program = program_of(variant);
  auto pool = observed_or_planted(
      "small",
      {.budget_bytes = program.budget_regions * two_words, .cores = 1, .region_bytes = two_words});
  Held held(*pool, program);
  bool closed = false;
  for (std::size_t i = 0; i < program.tasks.size(); ++i) {
    const std::string_view task = program.tasks[i];
    run.spawn(std::string(task) + "-" + std::to_string(i + 1),
              body_of(task, *pool, held.returned(), closed));
  }
  run.join();
  held.give_back();
  closed ? check_closed(*pool) : check_open(*pool);
}

}  // namespace

HARNESS_SCENARIO({
    .name = "proof",
    .about = "every interleaving of a few tasks over one or two regions of two words of two slices",
    .variants = {{"borrow-borrow", "pass"},
                 {"borrow-sweep", "pass"},
                 {"borrow-close", "pass"},
                 {"sweep-sweep", "pass"},
                 {"sweep-close", "pass"},
                 {"return-sweep", "pass"},
                 {"return-close", "pass"},
                 {"full-borrow-borrow", "pass"},
                 {"full-borrow-sweep", "pass"},
                 {"full-borrow-close", "pass"},
                 {"tight-borrow-return", "pass"},
                 {"two-borrow-borrow", "pass"},
                 {"two-borrow-sweep", "pass"},
                 {"two-borrow-close", "pass"},
                 {"two-sweep-close", "pass"},
                 {"borrow-borrow-borrow", "pass"},
                 {"borrow-return-sweep", "pass"},
                 {"borrow-return-close", "pass"},
                 {"borrow-sweep-sweep", "pass"},
                 {"borrow-sweep-close", "pass"},
                 {"return-sweep-close", "pass"},
                 {"tight-borrow-return-sweep", "pass"},
                 {"two-borrow-return-sweep", "pass"},
                 {"two-return-sweep-close", "pass"},
                 {"full-borrow-return-close", "pass"},
                 {"full-borrow-sweep-close", "pass"},
                 {"tight-borrow-return-close", "pass"},
                 {"full-borrow-return-sweep", "pass"}},
    .search = {.strategy = "dpor", .executions = 20'000},
    .play = play,
});

// Those of which there are too many interleavings for every day; configs/proof.ini has the
// patience.
HARNESS_SCENARIO({
    .name = "proof-long",
    .about = "the same of tasks that meet more often",
    .variants = {{"borrow-borrow-sweep", "pass"},
                 {"borrow-borrow-close", "pass"},
                 {"full-borrow-borrow-sweep", "pass"},
                 {"tight-borrow-borrow-return", "pass"},
                 {"two-borrow-borrow-sweep", "pass"},
                 {"two-borrow-sweep-close", "pass"},
                 {"two-borrow-sweep-sweep", "pass"}},
    .search = {.strategy = "dpor", .executions = 5'000},
    .play = play,
});
