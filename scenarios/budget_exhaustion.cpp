// budget-exhaustion: the budget is used up, two tasks ask for more, a slice is coming back. Each
// request ends in a slice or in OutOfMemory, never in a hang, and never is more mapped than the
// budget allows. When everything has come back, everything can be handed out again.
//
// Asking under pressure frees unused regions, so a wrong idea of "unused" is fatal here: in
// uncounted-alloc the count of the only region stands at its total while both slices are out, and
// the next request unmaps them. documented-fix is right as long as one slice stays out, counted,
// and that is so here: main keeps one.
#include <array>

#include "harness/scenario.hpp"
#include "scenarios/observed_pool.hpp"
#include "scenarios/page.hpp"

namespace {

using namespace scenarios;

// True if it was served. To be refused is legal while others hold slices.
bool ask(ObservedPool& pool, std::uint64_t value) {
  try {
    borrow(pool, page, value);
    return true;
  } catch (const allocator::OutOfMemory&) {
    return false;
  }
}

// The slice goes back; on real threads it is asked for and given back again and again.
void return_slice(ObservedPool& pool, allocator::Slice slice, int rounds) {
  use(slice, 0xb0);
  pool.release(slice);
  for (int round = 1; round < rounds; ++round) {
    ask(pool, 0xb0 + static_cast<std::uint64_t>(round));
  }
}

void check_nothing_lost(ObservedPool& pool) {
  std::array<allocator::Slice, 2> slices;
  try {
    for (auto& slice : slices) slice = pool.allocate(page);
  } catch (const allocator::OutOfMemory&) {
    harness::observe::violated("assertion", "all slices are back, and yet they are refused");
  }
  pool.check_accounts(slices.size());
  for (const auto& slice : slices) pool.release(slice);
}

void play(harness::Execution& run, std::string_view variant) {
  const int rounds = run.controlled() ? 1 : 50;
  auto pool = observed(variant, {.budget_bytes = 2 * page, .cores = 1, .region_bytes = 2 * page});
  const allocator::Slice kept = pool->allocate(page);
  const allocator::Slice coming_back = pool->allocate(page);
  stamp(kept, 0x4e);
  const auto ask_often = [&](std::uint64_t value) {
    for (int round = 0; round < rounds; ++round) {
      ask(*pool, value);
    }
  };
  run.spawn("asker-1", [&] { ask_often(0xa1); });
  run.spawn("asker-2", [&] { ask_often(0xa2); });
  run.spawn("returner", [&] { return_slice(*pool, coming_back, rounds); });
  run.join();
  check_stamp(kept, 0x4e);
  pool->release(kept);
  check_nothing_lost(*pool);
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "budget-exhaustion",
    .about = "requests beyond the budget from two tasks, with a slice coming back",
    .variants = {{"uncounted-alloc", "freed-region-in-use", "returner@holding asker-1 returner"},
                 {"documented-fix", "pass"},
                 {"claimed", "pass"}},
    .documented = "returner@pushed asker-1 asker-2 returner",
    .play = play,
});
