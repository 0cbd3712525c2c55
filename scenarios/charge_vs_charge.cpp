// charge-vs-charge: two requests for memory of which the budget serves one. One of them must get
// it.
//
//   asker-1                           asker-2
//   sum += 1
//   |                                 sum += 1
//   sum is 2 of 1: too much           sum is 2 of 1: too much
//   sum -= 1, refused                 sum -= 1, refused
//
// So the sum must be compared before it is changed, and both in one step.
#include "harness/scenario.hpp"
#include "scenarios/client.hpp"
#include "scenarios/lifecycles/rolled_back_charge.hpp"

namespace {

using namespace scenarios;

void play(harness::Execution& run, std::string_view variant) {
  auto pool = lifecycles::pool_of<lifecycles::AddsThenRollsBack>(
      variant, {.budget_bytes = page, .cores = 1, .region_bytes = page});
  std::array<bool, 2> served{};
  for (std::size_t i = 0; i < served.size(); ++i) {
    run.spawn("asker-" + std::to_string(i + 1),
              [&pool, &was = served[i], i] { was = ask(*pool, i, page); });
  }
  run.join();
  if (!served[0] && !served[1]) {
    harness::observe::violated("assertion", "both requests were refused, although one fits");
  }
  pool->check_accounts(0);
  pool->close();
}

}  // namespace

HARNESS_SCENARIO({
    .name = "charge-vs-charge",
    .about = "two requests of which the budget serves one, both of which add to the sum first",
    .variants = {{"adds-then-rolls-back", "assertion"},
                 {"claimed", "pass", "asker-1@grow asker-2 asker-1"}},
    .documented = "asker-1@charged asker-2@too-much asker-1 asker-2",
    .play = play,
});
